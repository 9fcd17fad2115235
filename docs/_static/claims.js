// The page of all claims: what the form selects of the list, and the form's state in the address.
const form = document.querySelector("#claims");
const [output, items] = [form.querySelector("output"), document.querySelector("ul.claims")];
const NONE = "none";
const SIGNS = { passed: "✓", "not run": "○", failed: "✗" };
const valuesOf = {
  state: ({ state }) => [state],
  version: ({ versions }) =>
    Object.entries(versions).flatMap(([name, all]) => all.map((version) => `${name} ${version}`)),
  worker: ({ worker_classes }) => worker_classes,
  "stand-in": ({ stand_ins }) => (stand_ins.length ? stand_ins : [NONE]),
  cgroup: ({ cgroups }) => (cgroups.length ? cgroups : [NONE]),
};
const item = ({ page, name, sentence, state }, pages) => {
  const [li, sign, link] = ["li", "span", "a"].map((tag) => document.createElement(tag));
  sign.className = "sign";
  sign.textContent = SIGNS[state];
  sign.title = state;
  link.href = `${form.dataset.root}proofs/${page}.html#${name}`;
  link.textContent = sentence;
  li.append(sign, " ", link, ` (${pages[page]})`);
  return li;
};
const offer = (claims) => {
  const asked = new URLSearchParams(location.search);
  for (const [name, values] of Object.entries(valuesOf)) {
    const all = [...new Set(claims.flatMap(values))];
    all.sort((one, other) => one.localeCompare(other, "en", { numeric: true }));
    form.elements[name].append(...all.map((value) => new Option(value)));
  }
  for (const [name, value] of asked) if (form.elements[name]) form.elements[name].value = value;
};
const show = ({ claims, pages }) => {
  const asked = [...new FormData(form)].filter(([, value]) => value);
  const words = form.elements.words.value.toLowerCase().split(/\s+/);
  const found = claims.filter((claim) =>
    asked.every(([name, value]) => name === "words" || valuesOf[name](claim).includes(value)) &&
    words.every((word) => `${claim.sentence} ${claim.name}`.toLowerCase().includes(word)));
  items.replaceChildren(...found.map((claim) => item(claim, pages)));
  output.textContent = `${found.length} of ${claims.length} claims`;
  history.replaceState(null, "", `?${new URLSearchParams(asked)}`);
};
fetch(form.dataset.list)
  .then((response) => response.json())
  .then((list) => {
    offer(list.claims);
    show(list);
    form.addEventListener("input", () => show(list));
    form.addEventListener("submit", (event) => event.preventDefault());
  })
  .catch(() => {
    output.textContent = `The browser cannot read ${form.dataset.list} here.`;
  });
