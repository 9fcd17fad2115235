// A tick leads to a test: its source is open when the reader arrives, and on paper all are.
const open = () => {
  const proof = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const source = proof?.querySelector("details.source");
  if (source) source.open = true;
};
open();
addEventListener("hashchange", open);
addEventListener("beforeprint", () => {
  document.querySelectorAll("details.source").forEach((source) => { source.open = true; });
});
