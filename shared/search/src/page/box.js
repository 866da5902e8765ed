// A search field for any page of an edition, or of another site that the edition allows to load it:
//   <script src=".../_search/box.js" defer data-imprint-search></script>
// puts one where the script is; data-imprint-search="#id" puts it into that element.
// Nothing is global, and no style gets in or out.
(() => {
  const script = document.currentScript;
  if (!script) return;
  const here = new URL(".", script.src);
  const LIMIT = 5;
  const WAIT = 120;

  const STYLE = `
    :host { display: block; position: relative; max-width: 24rem;
      --ground: #fff; --ink: #1c2226; --quiet: #59646b; --line: #c3cacf; --link: #0b5cad; --here: #eaf2fb;
      --mark: #ffe9a8; --mark-ink: #3d2f00;
      font: 1rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; text-align: start; }
    /* Dark where the page around is: one that knows no dark scheme stays light in a dark browser. */
    @supports (color: light-dark(red, red)) { :host {
      --ground: light-dark(#fff, #1c2226); --ink: light-dark(#1c2226, #e6eaec);
      --quiet: light-dark(#59646b, #a0abb2); --line: light-dark(#c3cacf, #4a555c);
      --link: light-dark(#0b5cad, #7db8f5); --here: light-dark(#eaf2fb, #283642);
      --mark: light-dark(#ffe9a8, #5c4a12); --mark-ink: light-dark(#3d2f00, #ffefc2); } }
    * { box-sizing: border-box; }
    form { margin: 0; }
    input { width: 100%; padding: 0.5rem 0.75rem; border: 1px solid var(--line); border-radius: 0.4rem;
      background: var(--ground); color: var(--ink); font: inherit; }
    :is(input, a):focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }
    [part="panel"] { position: absolute; z-index: 1000; inset-inline: 0; top: calc(100% + 0.3rem);
      min-width: min(18rem, 90vw); max-height: min(30rem, 75vh); overflow: auto; border: 1px solid var(--line);
      border-radius: 0.4rem; background: var(--ground); color: var(--ink); box-shadow: 0 6px 24px rgb(0 0 0 / 0.2);
      overflow-wrap: anywhere; }
    [hidden] { display: none; }
    ol { list-style: none; margin: 0; padding: 0; }
    a { display: block; padding: 0.55rem 0.75rem; color: inherit; text-decoration: none; }
    a:is(:hover, :focus) { background: var(--here); }
    a:focus-visible { outline-offset: -2px; }
    strong { display: block; color: var(--link); font-weight: 600; }
    li span { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden;
      font-size: 0.88rem; color: var(--quiet); }
    mark { background: var(--mark); color: var(--mark-ink); border-radius: 0.15rem; }
    p { margin: 0; padding: 0.55rem 0.75rem; font-size: 0.9rem; color: var(--quiet); }
    p:empty { display: none; }
    .all { border-top: 1px solid var(--line); font-size: 0.9rem; color: var(--link); }
  `;

  const make = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };

  const host = make("div");
  const shadow = host.attachShadow({ mode: "open" });
  // A sheet that is made by a script needs no "unsafe-inline".
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  shadow.adoptedStyleSheets = [sheet];

  const input = make("input", {
    type: "search", name: "q", placeholder: "Search", "aria-label": "Search", autocomplete: "off",
    autocapitalize: "off", spellcheck: "false", enterkeyhint: "search", maxlength: "200", part: "input",
    "aria-controls": "panel", "aria-expanded": "false",
  });
  const form = make("form", { role: "search", method: "get", action: here.href }, input);
  const status = make("p", { role: "status", "aria-live": "polite" });
  const list = make("ol", { "aria-label": "Results" });
  const all = make("a", { class: "all", href: here.href }, "All results");
  const panel = make("div", { id: "panel", part: "panel", hidden: "" }, status, list, all);
  shadow.append(form, panel);

  let turn = 0;
  let timer;

  const show = (open) => {
    panel.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
  };

  // The search page by name: not every server knows what a directory is.
  const everything = (query) => {
    const url = new URL("index.html", here);
    url.searchParams.set("q", query);
    return url.href;
  };

  const row = (parts, data, href) => {
    const text = parts.excerpt(data.excerpt, make("span"));
    return make("li", {}, make("a", { href }, make("strong", {}, parts.title(data)), text));
  };

  const search = async () => {
    const mine = ++turn;
    const query = input.value.trim();
    if (!query) {
      show(false);
      list.replaceChildren();
      return;
    }
    all.href = everything(query);
    try {
      const parts = await import(new URL("engine.js", here).href);
      const answer = await (await parts.engine()).search(query);
      const data = await Promise.all(answer.results.slice(0, LIMIT).map((one) => one.data()));
      if (mine !== turn) return;
      const rows = data.map((one) => [one, parts.address(one.url)]).filter(([, href]) => href);
      list.replaceChildren(...rows.map(([one, href]) => row(parts, one, href)));
      const total = answer.results.length;
      status.textContent = total === 0 ? `Nothing is found for “${query}”.` : "";
      all.hidden = total === 0;
      all.textContent = total > LIMIT ? `All ${total.toLocaleString("en")} results` : "Open the search page";
    } catch (error) {
      if (mine !== turn) return;
      console.error(error);
      list.replaceChildren();
      status.textContent = "The search could not be loaded.";
      all.hidden = false;
      all.textContent = "Open the search page";
    }
    show(true);
  };

  const links = () => [...panel.querySelectorAll("a")].filter((link) => !link.hidden);

  shadow.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      input.focus();
      show(false);
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !panel.hidden) {
      event.preventDefault();
      const all = links();
      const to = all.indexOf(shadow.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
      if (to < 0) input.focus();
      else all[Math.min(to, all.length - 1)]?.focus();
    }
  });

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, WAIT);
  });
  input.addEventListener("focus", () => {
    if (input.value.trim() && list.childElementCount > 0) show(true);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    location.assign(everything(input.value.trim()));
  });
  host.addEventListener("focusout", (event) => {
    if (!host.contains(event.relatedTarget) && !shadow.contains(event.relatedTarget)) show(false);
  });
  document.addEventListener("pointerdown", (event) => {
    if (!event.composedPath().includes(host)) show(false);
  });

  const place = script.dataset.imprintSearch ? document.querySelector(script.dataset.imprintSearch) : null;
  if (place) place.append(host);
  else script.after(host);
})();
