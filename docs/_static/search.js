// The search also finds numbers, which Sphinx drops from a query, and relaxes its rule that every
// word must be on a page: if fewer than three pages have all of them, those with most follow.
const ENOUGH = 3;
const MOST = 8;
const exact = Search._performSearch;
const parsed = Search._parseQuery;

Search._parseQuery = (query) => {
  const parts = parsed(query), [, wanted, , highlighted] = parts;
  (query.match(/\b\d+\b/g) || []).forEach((n) => { wanted.add(n); highlighted.add(n); });
  return parts;
};

// A word that few pages have says more of a page than a word that many have.
const pointsOf = (wanted, search) => {
  const points = new Map();
  for (const word of wanted) {
    const pages = new Map();
    for (const result of search(word)) {
      if (!(pages.get(result[0])?.[4] >= result[4])) pages.set(result[0], result);
    }
    const rarity = Math.log(Search._index.docnames.length / (pages.size || 1));
    for (const [page, result] of pages) {
      const before = points.get(page)?.sum || 0;
      points.set(page, { sum: before + rarity * (1 + result[4] / 20), result });
    }
  }
  return points;
};
Search._performSearch = (query, wanted, ...others) => {
  const found = exact(query, wanted, ...others);  // the best is the last
  const pages = new Set(found.map(([page]) => page));
  if (wanted.size < 2 || pages.size >= ENOUGH) return found;
  const points = pointsOf(wanted, (word) => exact(word, new Set([word]), ...others));
  const more = [...points.values()]
    .filter(({ result }) => !pages.has(result[0]))
    .sort((one, other) => one.sum - other.sum)
    .map(({ result }) => result);
  return [...more.slice(-MOST), ...found];
};

// The field above the results has the query again.
document.querySelector(".search-again input").value = new URLSearchParams(location.search).get("q");
