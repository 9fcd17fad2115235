// Proofs that were run more than thirty days ago may no longer hold: the stamp then says so.
const DAYS = 30;
const stamp = document.querySelector(".stamp [data-proved]");
const age = stamp ? Math.floor((Date.now() - Date.parse(stamp.dataset.proved)) / 864e5) : 0;
if (age > DAYS) {
  const note = document.createElement("strong");
  note.textContent = ` That was ${age} days ago: check newer versions yourself.`;
  stamp.append(note);
}
