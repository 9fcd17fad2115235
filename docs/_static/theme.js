// The theme that the reader chose, set before anything is drawn.
document.body.dataset.theme = localStorage.getItem("theme") || "auto";
