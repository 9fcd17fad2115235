// The calculator: the form's formulas are those of the script that the page shows, as nested lists
// of an operation and its parts. The inputs are in the address; nothing is sent or stored.
const round = (number, digits) => Number(number.toFixed(digits));
const OPERATIONS = {
  "+": (one, other) => one + other,
  "-": (one, other) => one - other,
  "*": (one, other) => one * other,
  "/": (one, other) => one / other,
  "//": (one, other) => Math.floor(one / other),
  "==": (one, other) => one === other,
  "<=": (one, other) => one <= other,
  ">=": (one, other) => one >= other,
  ".10g": (number) => String(Number(number.toPrecision(10))),
  if: (test, yes, no) => (test ? yes : no),
  join: (...parts) => parts.join(""),
  list: (...items) => items,
  ceil: Math.ceil,
  floor: Math.floor,
  max: Math.max,
  min: Math.min,
  round,
};
const form = document.querySelector("#calculator");
const formulas = JSON.parse(form.dataset.formulas);
// Returns what the formulas of these names give for the inputs.
const calculate = (inputs, names) => {
  const known = { ...inputs };
  const get = (name) => (known[name] ??= evaluate(formulas[name]));
  const evaluate = (tree) => {
    if (!Array.isArray(tree)) return tree;
    const [operation, ...parts] = tree;
    return operation === "get" ? get(parts[0]) : OPERATIONS[operation](...parts.map(evaluate));
  };
  return Object.fromEntries(names.map((name) => [name, get(name)]));
};

const inputs = [...form.querySelectorAll("input")];
const verdict = form.querySelector("output");
const results = form.querySelector(".results");
const problemOf = ({ labels, min, max, step, validity }) =>
  validity.valid ? "" : `${labels[0].textContent}: enter a ${step === "1" ? "whole " : ""}number from ${min} to ${max}`;
const show = () => {
  const problem = inputs.map(problemOf).find((text) => text) ?? "";
  inputs.forEach((input) => input.setAttribute("aria-invalid", !input.validity.valid));
  verdict.classList.toggle("problem", problem !== "");
  results.hidden = problem !== "";
  verdict.textContent = problem;
  if (problem) return;
  const numbers = Object.fromEntries(inputs.map(({ name, value }) => [name, Number(value)]));
  const found = calculate(numbers, ["summary", "results", "files"]);
  verdict.textContent = found.summary;
  results.querySelector("dl").replaceChildren(...found.results.flatMap(([what, why]) => {
    const [term, reason] = ["dt", "dd"].map((name) => document.createElement(name));
    term.textContent = what;
    reason.textContent = why;
    return [term, reason];
  }));
  results.querySelectorAll("pre").forEach((pre, index) => { pre.textContent = found.files[index][1]; });
};
// The address has the inputs that differ from the defaults. Any other fragment is a heading's.
const read = () => {
  if (!location.hash.includes("=")) return;
  const given = new URLSearchParams(location.hash.slice(1));
  inputs.forEach((input) => { input.value = given.get(input.name) ?? input.defaultValue; });
};
const write = () => {
  const changed = inputs.filter(({ value, defaultValue }) => value !== defaultValue);
  const fragment = new URLSearchParams(changed.map(({ name, value }) => [name, value]));
  history.replaceState(null, "", changed.length ? `#${fragment}` : location.pathname + location.search);
};
const start = () => { read(); show(); };
form.addEventListener("input", () => { show(); write(); });
form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", start);
start();
