import { address, element, engine, excerpt, title } from "./engine.js";

const PAGE_SIZE = 10;
const SECTIONS = 3;
const WAIT = 120;

const form = document.getElementById("form");
const input = document.getElementById("query");
const list = document.getElementById("results");
const status = document.getElementById("status");
const more = document.getElementById("more");
const pages = Number(form.dataset.pages);
const name = document.title;

// Grows with every search, so that an answer that comes late is known to be of an older one.
let turn = 0;
let timer;
let shown = 0;
let found = [];

function say(text, failed = false) {
  status.textContent = text;
  status.classList.toggle("failed", failed);
}

function count(number, one, many) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

function idle() {
  say(pages === 0 ? "There are no pages to search yet." : `Searches ${count(pages, "page", "pages")}.`);
}

function clear() {
  found = [];
  shown = 0;
  list.replaceChildren();
  list.removeAttribute("aria-busy");
  more.hidden = true;
}

function remember(query) {
  const url = new URL(location.href);
  if (query) url.searchParams.set("q", query);
  else url.searchParams.delete("q");
  if (url.href !== location.href) history.replaceState(null, "", url);
  document.title = query ? `${query} – ${name}` : name;
}

function result(data) {
  const href = address(data.url);
  if (!href) return undefined;
  const heading = title(data);
  const item = element("li", {}, element("a", { href, className: "title", textContent: heading }));
  const sections = (data.sub_results ?? []).filter((one) => one.title && one.title !== heading && address(one.url));
  // Text before the first section, or below a heading that says the same as the title.
  const wholes = (data.sub_results ?? []).filter((one) => one.title === heading).map((one) => one.excerpt);
  const longest = wholes.reduce((best, one) => (one.length > best.length ? one : best), "");
  const own = longest || (sections.length === 0 ? data.excerpt : "");
  if (own) item.append(excerpt(own, element("p", { className: "excerpt" })));
  if (sections.length > 0) {
    const inner = element("ul");
    for (const one of sections.slice(0, SECTIONS)) {
      const link = element("a", { href: address(one.url), textContent: one.title });
      inner.append(element("li", {}, link, excerpt(one.excerpt, element("p", { className: "excerpt" }))));
    }
    item.append(inner);
  }
  return item;
}

async function showMore(mine) {
  const next = found.slice(shown, shown + PAGE_SIZE);
  const data = await Promise.all(next.map((one) => one.data()));
  if (mine !== turn) return;
  if (shown === 0) list.replaceChildren();
  shown += next.length;
  list.append(...data.map(result).filter(Boolean));
  list.removeAttribute("aria-busy");
  more.hidden = shown >= found.length;
}

async function search(query) {
  const mine = ++turn;
  remember(query);
  if (!query) {
    clear();
    idle();
    return;
  }
  list.setAttribute("aria-busy", "true");
  const slow = setTimeout(() => mine === turn && say("Searching…"), 300);
  try {
    const answer = await (await engine()).search(query);
    if (mine !== turn) return;
    found = answer.results;
    shown = 0;
    if (found.length === 0) {
      clear();
      say(`Nothing is found for “${query}”. Try fewer or other words.`);
      return;
    }
    await showMore(mine);
    if (mine === turn) say(`${count(found.length, "page", "pages")} found for “${query}”.`);
  } catch (error) {
    if (mine !== turn) return;
    console.error(error);
    clear();
    say("The search could not be loaded. Check the connection and press Enter to try again.", true);
  } finally {
    clearTimeout(slow);
  }
}

function query() {
  return input.value.trim();
}

function move(step) {
  const links = [...list.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  if (at < 0 && step < 0) return;
  const to = at + step;
  if (to < 0) input.focus();
  else links[Math.min(to, links.length - 1)]?.focus();
}

input.addEventListener("focus", () => engine().catch(() => {}), { once: true });

input.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => search(query()), WAIT);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  const first = list.querySelector("a");
  // The answer to these words is there already: Enter opens the first of it.
  if (first && new URL(location.href).searchParams.get("q") === query() && !list.hasAttribute("aria-busy")) {
    first.click();
  } else {
    search(query());
  }
});

more.addEventListener("click", async () => {
  const last = list.lastElementChild;
  try {
    await showMore(turn);
    last?.nextElementSibling?.querySelector("a")?.focus();
  } catch (error) {
    console.error(error);
    say("More results could not be loaded. Check the connection and try again.", true);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "/" && document.activeElement !== input) {
    event.preventDefault();
    input.focus();
    input.select();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const inside = document.activeElement === input || list.contains(document.activeElement);
    if (!inside) return;
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Escape" && list.contains(document.activeElement)) {
    input.focus();
  }
});

// Also when a reader comes back from a result.
function fromAddress() {
  input.value = new URL(location.href).searchParams.get("q")?.slice(0, input.maxLength) ?? "";
  search(query());
}

window.addEventListener("popstate", fromAddress);
fromAddress();
if (!query()) input.focus();
