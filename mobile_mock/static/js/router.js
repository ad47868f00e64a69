// From an address to a screen. A screen is a function ({path, query, signal}) => {title, content} and may take its time;
// `signal` aborts when the person goes elsewhere, and with it every request and timer of that screen.
import { Unreached } from "./api.js";
import { el, fill, focusOn } from "./dom.js";
import { t } from "./language.js";
import { problemPanel } from "./parts.js";

const routes = [];
let leaving = new AbortController();
let outlet = null;
let afterwards = () => {};

/** `pattern` like "/app/bills/:id". */
export function route(pattern, screen) {
  const names = [];
  const source = pattern.replace(/:(\w+)/g, (whole, name) => { names.push(name); return "([^/]+)"; });
  routes.push({ expression: new RegExp(`^${source}/?$`), names, screen });
}

/** Draw screens into `element`; `onShown(path)` runs after each. */
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
  const found = match(pathname);
  outlet.setAttribute("aria-busy", "true");
  const waiting = window.setTimeout(() => fill(outlet, skeleton()), 200);
  let drawn;
  try {
    drawn = await found.screen({ path: found.values, query: new URLSearchParams(search), signal });
  } catch (failure) {
    if (signal.aborted) return;
    if (failure instanceof Unreached) window.addEventListener("online", () => show(), { once: true, signal });
    drawn = { title: t("went_wrong"), content: [el("h1", {}, t("went_wrong")), problemPanel(failure, { retry: show })] };
  } finally {
    window.clearTimeout(waiting);
  }
  if (signal.aborted || !drawn) return;
  fill(outlet, drawn.content);
  outlet.removeAttribute("aria-busy");
  document.title = `${drawn.title} · ${t("app_name")}`;
  window.scrollTo(0, 0);
  focusOn(outlet.querySelector("h1"));
  afterwards(pathname);
}

function match(pathname) {
  for (const { expression, names, screen } of routes) {
    const found = expression.exec(pathname);
    if (found) return { screen, values: Object.fromEntries(names.map((name, place) => [name, decodeURIComponent(found[place + 1])])) };
  }
  return { screen: lost, values: {} };
}

/** What stands where there is no such thing. */
export function lost() {
  return {
    title: t("no_such_page"),
    content: [el("h1", {}, t("no_such_page")), el("p", {}, el("a", { class: "button", href: "/app" }, t("to_bills")))],
  };
}

function skeleton() {
  return el("div", { class: "skeleton" }, el("p", { class: "unseen" }, t("loading")), el("div"), el("div"), el("div"));
}

function followInside(event) {
  const link = event.target.closest("a[href]");
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (link.target || link.origin !== window.location.origin || !/^\/app(?:\/|$)/.test(link.pathname)) return;
  event.preventDefault();
  go(link.pathname + link.search);
}
