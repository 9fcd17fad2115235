// The box of the page "troubleshooting": it finds the entries whose lines are in a pasted log.
// An entry is an item of a list, and its lines are the link and the `code` next to it.
// In a line, an ellipsis stands for up to 300 characters, also of the lines below, and N for a
// number, the same one throughout. Nothing that is pasted is stored or sent.
const LONGEST_GAP = 300;
const COMMON = new Set("after application because before cannot could does error errors exception \
exited failed file files found from gunicorn have http https import info invalid line module \
that their then there this using warning when while with worker".split(" "));

// Every line is compiled once. The more of its parts are in their order, the more exact it is.
const compiled = (line) => {
  let numbers = 0;
  const parts = line.split("…");
  const source = parts
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
    .join(`[^]{0,${LONGEST_GAP}}?`)
    .replace(/pid:N/g, () => (numbers++ ? "pid: ?\\1\\b" : "pid: ?(\\d+)"));
  return {
    start: parts[0].split("pid:N")[0].toLowerCase(),
    pattern: new RegExp(source, "i"),
    exactness: 1000 * parts.length + line.length,
  };
};
const wordsOf = (text) =>
  new Set((text.toLowerCase().match(/[a-z_][\w-]{3,}/g) || []).filter((word) => !COMMON.has(word)));
const entries = [...document.querySelectorAll("article li:has(a.reference)")].map((item) => ({
  item,
  words: wordsOf(item.textContent),
  lines: [...item.querySelectorAll("a.reference, code")].map((element) => compiled(element.textContent)),
}));
const entriesWith = (word) => entries.filter(({ words }) => words.has(word)).length;

// What Docker, Compose, Kubernetes or a terminal adds to a line is removed.
const messageOf = (line) => {
  try {
    const { log, message, msg } = JSON.parse(line);
    return log || message || msg || line;
  } catch {
    return line;
  }
};
const plain = (pasted) =>
  pasted
    .replace(/\x1b\[[\d;]*[A-Za-z]/g, "")
    .split(/\r?\n/)
    .map((line) => line.replace(/^[\w./-]+ +\| /, ""))
    .map((line) => line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d) ((stdout|stderr) [FP] )?/, ""))
    .map((line) => (line.startsWith("{") ? messageOf(line) : line))
    .join("\n");

const ranked = (score) =>
  entries
    .map((entry) => [score(entry), entry.item])
    .filter(([points]) => points > 0)
    .sort(([more], [less]) => less - more)
    .map(([, item]) => item);
const exact = (log) => {
  const lowered = log.toLowerCase();
  const found = ({ start, pattern }) => lowered.includes(start) && pattern.test(log);
  return ranked(({ lines }) => Math.max(...lines.map((line) => (found(line) ? line.exactness : 0))));
};
// A guess shares two words with an entry, or one that hardly any other entry has.
const guesses = (log) => {
  const asked = wordsOf(log);
  return ranked(({ words }) => {
    const shared = [...asked].filter((word) => words.has(word));
    const rare = shared.filter((word) => entriesWith(word) === 1);
    return shared.length > 1 || rare.length ? shared.length + rare.length : 0;
  }).slice(0, 3);
};

// What happened to workers, in the order of the log: each course of events once.
const EVENTS = [
  [/WORKER TIMEOUT \(pid: ?(\d+)\)/, () => "timed out"],
  [/Worker \(pid: ?(\d+)\) was sent SIGKILL/, () => "was killed"],
  [/Worker \(pid: ?(\d+)\) was terminated due to signal (\d+)/, (n) => `was ended by signal ${n}`],
  [/Worker \(pid: ?(\d+)\) was sent (SIG\w+)/, (name) => `was ended by ${name}`],
  [/Worker \(pid: ?(\d+)\) exited with code (\d+)/, (code) => `exited with code ${code}`],
];
const secondsOf = (line) => {
  const stamp = /(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d) ?([+-]\d\d):?(\d\d)/;
  const [, day, time, hours, minutes] = line.match(stamp) || [];
  return day ? Date.parse(`${day}T${time}${hours}:${minutes}`) / 1000 : NaN;
};
const duration = (seconds) => {
  const units = [[7200, 3600, "hours"], [120, 60, "minutes"], [2, 1, "seconds"]];
  const [, length, unit] = units.find(([least]) => seconds >= least) || [];
  return length ? ` in ${Math.round(seconds / length)} ${unit}` : "";
};
// A worker's story ends with its process; a later worker with the same number has its own.
const storiesOf = (log) => {
  const stories = [];
  const running = new Map();
  for (const line of log.split("\n")) {
    const [pattern, verb] = EVENTS.find(([event]) => event.test(line)) || [];
    if (!pattern) continue;
    const [, worker, detail] = line.match(pattern);
    if (!running.has(worker)) {
      running.set(worker, { worker, verbs: [], seconds: [] });
      stories.push(running.get(worker));
    }
    const { verbs, seconds } = running.get(worker);
    verbs.push(verb(detail));
    seconds.push(secondsOf(line));
    if (verbs.at(-1) !== "timed out") running.delete(worker);
  }
  return stories;
};
const inOrder = (log) => {
  const courses = new Map();
  for (const story of storiesOf(log)) {
    const course = story.verbs.join(", then ");
    courses.set(course, [...(courses.get(course) || []), story]);
  }
  return [...courses].map(([course, stories]) => {
    const seconds = stories.flatMap((story) => story.seconds);
    const span = duration(Math.max(...seconds) - Math.min(...seconds));
    const times = stories.length > 1 ? `; this happened to ${stories.length} workers${span}` : "";
    return `Worker ${stories[0].worker} ${course}${times}.`;
  });
};

const form = document.querySelector("#filter");
const [box, verdict, list] = form.querySelectorAll("textarea, output, ul");
const others = document.querySelectorAll("article h1 ~ section");
const show = (items, ...text) => {
  const events = inOrder(plain(box.value)).slice(0, 3).join(" ");
  verdict.replaceChildren(...text, ...(events ? [document.createElement("br"), events] : []));
  list.replaceChildren(...items.map((item) => item.cloneNode(true)));
};
const searchFor = (log) => {
  const link = document.createElement("a");
  const last = log.trim().split("\n").at(-1);
  link.href = `search.html?q=${encodeURIComponent([...wordsOf(last)].slice(0, 4).join(" "))}`;
  link.textContent = "Search the guide for its words";
  return link;
};
const search = () => {
  const log = plain(box.value).trim();
  const found = log ? exact(log) : [];
  others.forEach((section) => { section.hidden = found.length > 0; });
  if (!log) return show([]);
  if (found.length) return show(found, `${found.length} ${found.length === 1 ? "match" : "matches"}`);
  const near = guesses(log);
  const text = near.length ? " These share words with it, and may be wrong:" : "";
  return show(near, "No entry has this line. ", searchFor(log), `.${text}`);
};
// While somebody types, the search waits for a pause; what is pasted is searched immediately.
let waiting;
box.addEventListener("input", ({ data }) => {
  clearTimeout(waiting);
  if (data?.length === 1) waiting = setTimeout(search, 150);
  else search();
});
form.addEventListener("submit", (event) => event.preventDefault());
// What was pasted on the page for lost addresses.
const pasted = sessionStorage.getItem("pasted");
if (pasted) {
  sessionStorage.removeItem("pasted");
  box.value = pasted;
  search();
}
