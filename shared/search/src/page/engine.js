// What the search page and the search box have in common: the engine, and its answers as nodes.
// Everything that comes out of the index is text that somebody wrote. It only ever becomes text nodes.

// This file is at ROOT/_search/engine.js, wherever the edition is served.
export const root = new URL("../", import.meta.url);

let instance;

// The engine, loaded at the first call. A failed load is tried again at the next.
export function engine() {
  instance ??= start().catch((error) => {
    instance = undefined;
    throw error;
  });
  return instance;
}

async function start() {
  const pagefind = await import(new URL("pagefind/pagefind.js", root).href);
  const made = pagefind.createInstance({ baseUrl: root.pathname, excerptLength: 24 });
  await made.init();
  return made;
}

// The address of a result if it is one of a page of this edition, else undefined.
export function address(url) {
  try {
    const found = new URL(url, root);
    const inside = found.origin === root.origin && found.pathname.startsWith(root.pathname);
    return inside ? found.href : undefined;
  } catch {
    return undefined;
  }
}

// The engine escapes "<" and ">" of an excerpt and puts <mark> around words. Nothing else in it is markup.
export function excerpt(text, into) {
  for (const part of String(text ?? "").split(/(<mark>.*?<\/mark>)/s)) {
    const marked = /^<mark>(.*)<\/mark>$/s.exec(part);
    if (marked) {
      const mark = document.createElement("mark");
      mark.textContent = plain(marked[1]);
      into.append(mark);
    } else if (part) {
      into.append(plain(part));
    }
  }
  return into;
}

function plain(text) {
  return text.replace(/<\/?mark>/g, "").replaceAll("&lt;", "<").replaceAll("&gt;", ">");
}

// A page's title, or its path where it has none.
export function title(data) {
  const given = String(data.meta?.title ?? "").trim();
  if (given) return given;
  const href = address(data.url);
  return href ? decoded(href.slice(root.href.length)) : "Untitled page";
}

function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
