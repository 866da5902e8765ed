// Searches the index that Sphinx writes (searchindex.js calls Search.setIndex). The index holds word stems,
// so a word matches a stem when either begins with the other: no stemmer has to be shipped.
const words = (new URLSearchParams(location.search).get("q") || "").toLowerCase().match(/[\p{L}\p{N}_]+/gu) || [];
const summary = document.getElementById("search-summary");
const results = document.getElementById("search-results");
document.querySelector(".find.wide input").value = words.join(" ");

function matches(stem, word) {
  return stem.startsWith(word) || (stem.length > 3 && word.startsWith(stem));
}

function pagesWith(table, word) {
  const found = new Set();
  for (const [stem, pages] of Object.entries(table)) {
    if (matches(stem, word)) [pages].flat().forEach((page) => found.add(page));
  }
  return found;
}

function rank(index) {
  const scores = new Map();
  for (const word of words) {
    for (const page of pagesWith(index.terms, word)) scores.set(page, (scores.get(page) || 0) + 1);
    for (const page of pagesWith(index.titleterms, word)) scores.set(page, (scores.get(page) || 0) + 5);
  }
  return [...scores].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([page]) => page);
}

window.Search = {
  setIndex(index) {
    if (words.length === 0) return;
    const pages = rank(index);
    summary.textContent = `${pages.length} ${pages.length === 1 ? "page" : "pages"} for “${words.join(" ")}”`;
    for (const page of pages) {
      const name = index.docnames[page];
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = name.split("/").map(encodeURIComponent).join("/") + ".html";
      link.textContent = index.titles[page];
      const where = document.createElement("small");
      where.textContent = name;
      item.append(link, where);
      results.append(item);
    }
  },
};
