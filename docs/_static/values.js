// The reader's own values, which docs/_data/values.toml declares: a dialog asks for them, and this
// script shows them in blocks, copies and downloads. They stay in this browser. A link can bring
// values, and the reader confirms them. Values become text, never HTML.
const KEY = "your-values";
const HASH = "#your-values?";
const dialog = document.querySelector("#your-values");
const form = dialog.querySelector("form");
const fields = [...form.querySelectorAll("input")];
const [fromLink, said] = dialog.querySelectorAll(".from-a-link, .said");
const banner = document.querySelector("#values-in-use").content.firstElementChild;

const fits = ({ maxLength, dataset }, text) =>
  text.length <= maxLength && new RegExp(`^(?:${dataset.allowed})$`, "u").test(text);
const accepted = (given) =>
  Object.fromEntries(
    fields
      .map((field) => [field.name, given?.[field.name], field])
      .filter(([, text, field]) => typeof text === "string" && text !== field.placeholder && fits(field, text)),
  );
const stored = () => {
  try {
    return accepted(JSON.parse(localStorage.getItem(KEY)));
  } catch {
    return {}; // a browser that stores nothing, or something that is not ours
  }
};
let values = stored();

// One pattern finds the places of all values, so that they cannot overlap.
const patternOf = (places) =>
  new RegExp(fields.map((field) => `(?<${field.name}>${places(field.dataset)})`).join("|"), "gu");
const inBlocks = patternOf(({ places }) => places);
const inProse = patternOf(({ places, prose }) => (prose ? `${places}|${prose}` : places));
const placesIn = (text, pattern) =>
  [...text.matchAll(pattern)].map(({ 0: original, index, groups }) => ({
    name: Object.keys(groups).find((name) => groups[name] !== undefined),
    from: index,
    to: index + original.length,
    original,
  }));
const replaced = (text) =>
  placesIn(text, inBlocks).reduceRight(
    (all, { name, from, to, original }) => all.slice(0, from) + (values[name] ?? original) + all.slice(to),
    text,
  );

// Each place becomes a span; one that the colors divide keeps its parts for the way back.
const marks = [];
const mark = (element, pattern) => {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const texts = [];
  for (let end = 0; walker.nextNode(); ) {
    texts.push({ node: walker.currentNode, start: end, end: (end += walker.currentNode.length) });
  }
  const found = placesIn(element.textContent, pattern);
  for (const { name, from, to, original } of found.reverse()) {
    const first = texts.find(({ end }) => from < end);
    const last = texts.find(({ end }) => to <= end);
    const range = document.createRange();
    range.setStart(first.node, from - first.start);
    range.setEnd(last.node, to - last.start);
    const span = document.createElement("span");
    span.append(range.extractContents());
    range.insertNode(span);
    marks.push({ span, name, original, parts: [...span.childNodes] });
  }
  return found.length > 0;
};
document.querySelectorAll("code.yours").forEach((code) => mark(code, inProse));
const downloads = [];
for (const block of document.querySelectorAll(".literal-block-wrapper")) {
  const [caption, pre] = block.querySelectorAll(".code-block-caption, pre");
  const link = caption.querySelector("a.download");
  const text = caption.querySelector(".caption-text").firstChild;
  const file = text.textContent;
  const name = document.createElement("span"); // one item of the caption's row, also with marks in it
  text.replaceWith(name);
  name.append(text);
  mark(name, inBlocks);
  if (!mark(pre, inBlocks)) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "values";
  button.textContent = "✎";
  button.title = "Your values";
  button.ariaLabel = `Your values in ${file}`;
  button.addEventListener("click", () => open(values));
  caption.append(button);
  if (link) downloads.push({ link, name, pre, original: link.getAttribute("href") });
}

const show = () => {
  for (const { span, name, original, parts } of marks) {
    const own = values[name];
    span.className = own ? "own-value" : "";
    span.title = own ? `${original} in the original` : "";
    span.replaceChildren(...(own ? [own] : parts));
  }
  for (const { link, name, pre, original } of downloads) {
    if (link.getAttribute("href") !== original) URL.revokeObjectURL(link.href);
    const changed = pre.querySelector(".own-value");
    link.href = changed ? fileOf(pre.textContent) : original;
    link.download = name.textContent.split("/").at(-1);
  }
  const used = fields.filter(({ name }) => values[name]);
  banner.querySelector("strong").textContent = used
    .map(({ name, placeholder }) => `${placeholder} → ${values[name]}`)
    .join(", ");
  if (used.length) document.querySelector("article").prepend(banner);
  else banner.remove();
};
const fileOf = (content) => URL.createObjectURL(new Blob([content], { type: "application/octet-stream" }));
const use = (chosen) => {
  values = chosen;
  try {
    if (Object.keys(values).length) localStorage.setItem(KEY, JSON.stringify(values));
    else localStorage.removeItem(KEY);
  } catch {
    // A browser that stores nothing: the values last as long as this page.
  }
  show();
  dialog.close();
};

// Check what is typed, say what is refused, and return whether all of it can be used.
const checked = () => {
  const wrong = fields.filter((field) => {
    const refused = field.value !== "" && !fits(field, field.value);
    field.ariaInvalid = String(refused);
    const line = document.getElementById(`refused-${field.name}`);
    line.textContent = refused ? line.dataset.text : "";
    return refused;
  });
  wrong[0]?.focus();
  return wrong.length === 0;
};
const typed = () => accepted(Object.fromEntries(new FormData(form)));
const open = (given, brought = false) => {
  // A field would drop a line break without a word; a space is refused.
  for (const field of fields) field.value = (given[field.name] ?? "").replace(/\s/g, " ");
  fromLink.hidden = !brought;
  said.textContent = "";
  if (!dialog.open) dialog.showModal();
  checked();
};
const put = async () => {
  const address = `${location.href.split("#")[0]}${HASH}${new URLSearchParams(typed())}`;
  history.replaceState(null, "", address);
  const copied = await navigator.clipboard?.writeText(address).then(() => true, () => false);
  said.textContent = `The address of this page contains the values${copied ? ", and is copied" : ""}.`;
};
const act = ({ target: { value } }) => {
  if (value === "reset") use({});
  if (value === "change") open(values);
  if (value === "close") dialog.close();
  if (value === "link" && checked()) put();
};
for (const part of [form, banner]) {
  part.querySelectorAll("button[value]").forEach((button) => button.addEventListener("click", act));
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (checked()) use(typed());
});

// What a link brings is used only if the reader agrees.
const brought = () => {
  if (!location.hash.startsWith(HASH)) return;
  const given = Object.fromEntries(new URLSearchParams(location.hash.slice(HASH.length)));
  history.replaceState(null, "", location.href.split("#")[0]);
  if (fields.some(({ name }) => (given[name] ?? "") !== (values[name] ?? ""))) open(given, true);
};
addEventListener("hashchange", brought);
show();
brought();

// An archive with values is made here, from its files.
const archive = document.querySelector("a.download[href$='.zip']");
archive?.addEventListener("click", async (event) => {
  if (!Object.keys(values).length) return;
  event.preventDefault();
  const note = document.querySelector(".archive-with-values");
  try {
    const { zipped } = await import("./zip.js");
    const links = [...document.querySelectorAll("ul.files a")];
    const files = links.map(async (link) => {
      const response = await fetch(link.href);
      if (!response.ok) throw new Error(response.statusText);
      return { name: replaced(link.textContent), text: replaced(await response.text()) };
    });
    const made = document.createElement("a");
    made.href = fileOf(zipped(await Promise.all(files)));
    made.download = archive.href.split("/").at(-1);
    made.click();
    note.textContent = "The archive contains your values, so its SHA-256 is different.";
  } catch {
    note.textContent = "Your browser cannot change the archive. Show the originals to download it.";
  }
});
