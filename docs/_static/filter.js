// The box of the page "troubleshooting": it finds the entries whose lines stand in a pasted log.
// An entry is an item of a list, and its lines are the link and the `code` beside it.
// An ellipsis stands for up to 300 characters, of the lines below too.
// Nothing that is pasted is stored or sent.
const pattern = (line) =>
  new RegExp(line.split("…").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("[^]{0,300}"), "i");
const entries = [...document.querySelectorAll("article li:has(a.reference)")].map((item) => ({
  item,
  text: item.textContent.toLowerCase(),
  lines: [...item.querySelectorAll("a.reference, code")].map(({ textContent }) => ({
    length: textContent.length,
    pattern: pattern(textContent),
  })),
}));

// The longer the line that is found, the surer its entry; a few words count where no line is found.
const sure = ({ lines }, pasted) =>
  Math.max(...lines.map(({ length, pattern }) => (pattern.test(pasted) ? length : 0)));
const likely = ({ text }, pasted) => {
  const words = pasted.toLowerCase().match(/[\w.-]{3,}/g) || [];
  return words.length <= 12 ? words.filter((word) => text.includes(word)).length : 0;
};
const find = (pasted) => {
  const ranked = (score) =>
    entries
      .map((entry) => [score(entry, pasted), entry.item])
      .filter(([points]) => points > 0)
      .sort(([more], [less]) => less - more)
      .map(([, item]) => item);
  const certain = ranked(sure);
  return certain.length ? certain : ranked(likely).slice(0, 5);
};

const form = document.createElement("form");
form.id = "filter";
form.innerHTML = `
  <label for="pasted">Paste a line, or the whole log</label>
  <textarea id="pasted" rows="3" spellcheck="false" autocomplete="off"></textarea>
  <output for="pasted"></output>
  <ul></ul>`;
const [box, count, found] = form.querySelectorAll("textarea, output, ul");
const others = document.querySelectorAll("article h1 ~ section");
const search = () => {
  const pasted = box.value.trim(), items = pasted ? find(pasted) : [];
  found.replaceChildren(...items.map((item) => item.cloneNode(true)));
  count.textContent = pasted && `${items.length || "No"} ${items.length === 1 ? "entry" : "entries"}`;
  others.forEach((section) => { section.hidden = items.length > 0; });
};
// While somebody types, the search waits for a pause; what is pasted is there immediately.
let waiting;
box.addEventListener("input", ({ data }) => {
  clearTimeout(waiting);
  if (data?.length === 1) waiting = setTimeout(search, 150);
  else search();
});
document.querySelector("article h1 ~ p, article h1").after(form);
