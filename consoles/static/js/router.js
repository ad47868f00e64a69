// From an address to a screen. A screen is a function ({path, query, signal}) => {title, content} and may take its time;
// `signal` aborts when the officer goes elsewhere, and with it every request of that screen.
import { announce, el, fill, focusOn } from "./dom.js";
import { t } from "./language.js";
import { problemPanel } from "./parts.js";

const routes = [];
let leaving = new AbortController();
let outlet = null;
let afterwards = () => {};

/** `pattern` like "/desk/approvals/:id". */
export function route(pattern, screen) {
  const names = [];
  const source = pattern.replace(/:(\w+)/g, (whole, name) => { names.push(name); return "([^/]+)"; });
  routes.push({ expression: new RegExp(`^${source}/?$`), names, screen });
}

/** Draw screens into `element`; `onShown()` runs after each. */
export function startRouter(element, onShown) {
  outlet = element;
  afterwards = onShown;
  window.addEventListener("popstate", () => show());
  document.addEventListener("click", followInside);
}

export function go(path, { replace = false } = {}) {
  window.history[replace ? "replaceState" : "pushState"]({}, "", path);
  return show();
}

/** Draw the screen of the current address. */
export async function show() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const { pathname, search } = window.location;
  outlet.setAttribute("aria-busy", "true");
  let drawn;
  try {
    const found = match(pathname);
    drawn = await found.screen({ path: found.values, query: new URLSearchParams(search), signal });
  } catch (failure) {
    if (signal.aborted) return;
    drawn = { title: t("went_wrong"), content: [el("h1", {}, t("went_wrong")), problemPanel(failure, { retry: show })] };
  }
  if (signal.aborted || !drawn) return;
  fill(outlet, drawn.content);
  outlet.removeAttribute("aria-busy");
  document.title = `${drawn.title} · ${t("app_name")}`;
  window.scrollTo(0, 0);
  focusOn(outlet.querySelector("h1"));
  afterwards();
}

/** Draw `screen` once more at the same place after something was done, and say so: it is given {said} as its second. */
export async function redraw(screen, place, said) {
  const drawn = await screen(place, { said });
  if (place.signal.aborted) return;
  fill(outlet, drawn.content);
  focusOn(outlet.querySelector("h1"));
  announce(Array.isArray(said) ? said[0] : said);
}

function match(pathname) {
  for (const { expression, names, screen } of routes) {
    const found = expression.exec(pathname);
    if (found) return { screen, values: Object.fromEntries(names.map((name, place) => [name, decodeURIComponent(found[place + 1])])) };
  }
  return { screen: lost, values: {} };
}

function lost() {
  const content = [el("h1", {}, t("no_such_page")), el("p", {}, el("a", { class: "button", href: "/desk" }, t("to_start")))];
  return { title: t("no_such_page"), content };
}

function followInside(event) {
  const link = event.target.closest("a[href]");
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (link.target || link.origin !== window.location.origin || !/^\/desk(?:\/|$)/.test(link.pathname)) return;
  event.preventDefault();
  go(link.pathname + link.search);
}
