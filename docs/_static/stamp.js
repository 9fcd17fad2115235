// Proofs that were run more than thirty days ago may no longer hold: the page then says so.
const DAYS = 30;
for (const stamp of document.querySelectorAll("[data-proved]")) {
  const age = Math.floor((Date.now() - Date.parse(stamp.dataset.proved)) / 864e5);
  if (age > DAYS) {
    const note = document.createElement("strong");
    note.textContent = ` That was ${age} days ago, so newer versions might behave differently.`;
    stamp.append(note);
  }
}
