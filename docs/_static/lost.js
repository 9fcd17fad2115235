// The box of the page for lost addresses: what is pasted there goes to the box of another page of
// this site, inside the browser.
const box = document.querySelector("#pasted");
box.addEventListener("input", ({ data }) => {
  if (data?.length === 1) return; // somebody types, and has not finished
  sessionStorage.setItem("pasted", box.value);
  box.form.requestSubmit();
});
box.form.addEventListener("submit", () => sessionStorage.setItem("pasted", box.value));
