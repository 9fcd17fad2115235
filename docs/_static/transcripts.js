// The line breaks of a transcript's output belong to the output, so that only commands are copied.
document.querySelectorAll(".go").forEach((output) => {
  const after = output.nextSibling;
  if (after) after.data = after.data.replace(/^\n+/, (breaks) => (output.append(breaks), ""));
});
