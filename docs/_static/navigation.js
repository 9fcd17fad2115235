// The sidebar shows the page that it is on, and Ctrl-K leads to the search box; so does /, by Sphinx.
const sidebar = document.querySelector(".sidebar-scroll");
const current = document.querySelector(".sidebar-tree .current-page");
if (sidebar && current) {
  const above = current.getBoundingClientRect().top - sidebar.getBoundingClientRect().top;
  sidebar.scrollTo({ top: above - sidebar.clientHeight / 2, behavior: "instant" });
}
document.addEventListener("keydown", (event) => {
  const box = document.querySelector(".sidebar-search");
  if (box && event.key === "k" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    box.focus();
    box.select();
  }
});
