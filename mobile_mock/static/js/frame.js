// What stands around every screen: the sign, the language and text-size switches, and the places of the phone.
import { acting, mayNow } from "./acting.js";
import { actingBanner } from "./acting_banner.js";
import { el, fill } from "./dom.js";
import { icon, sign } from "./icons.js";
import { TEXT_SIZES, language, setLanguage, setTextSize, t, textSize } from "./language.js";
import { onChange, state } from "./state.js";

const PLACES = [
  { path: "/app", key: "nav_bills", iconName: "bills", scopes: ["bills:read", "payments:pay"], within: /^\/app(?:\/(?:bills|slips)\/.*|\/pay)?\/?$/ },
  { path: "/app/payments", key: "nav_history", iconName: "history", within: /^\/app\/payment/ },
  { path: "/app/points", key: "nav_points", iconName: "points", scopes: ["points:read"], within: /^\/app\/(?:points|shops)/ },
  { path: "/app/rides", key: "nav_rides", iconName: "van", scopes: ["rides:book", "rides:read"], within: /^\/app\/rides/ },
  { path: "/app/inbox", key: "nav_inbox", iconName: "inbox", within: /^\/app\/(?:inbox|topics|subscriptions|notifications)/ },
  { path: "/app/me", key: "nav_me", iconName: "me", within: /^\/app\/(?:me|automatic-debits)/ },
];

/** Draw the frame into `place` once; answers the element that screens are drawn into. */
export function buildFrame(place, { onLanguage }) {
  const main = el("main", { id: "main", tabindex: "-1" });
  const nav = el("nav", { class: "places" });
  const tools = el("div", { class: "tools" });
  const offline = el("div", { class: "offline", role: "status", hidden: navigator.onLine });
  const skip = el("a", { class: "skip", href: "#main", on: { click: (event) => { event.preventDefault(); main.focus(); } } });
  const brand = el("a", { class: "brand", href: "/app" });
  const other = actingBanner();
  fill(place, skip, el("header", { class: "top" }, brand, tools), offline, other.block, el("div", { class: "body" }, nav, main));

  const draw = () => {
    fill(skip, t("skip"));
    fill(brand, sign(), el("span", { class: "brand-name" }, t("app_name")));
    fill(offline, icon("offline"), t("offline"));
    other.draw();
    drawTools(tools, () => { draw(); onLanguage(); }, draw);
    drawPlaces(nav);
  };
  draw();
  onChange(() => { drawPlaces(nav); other.draw(); });
  const reached = (isReached) => { offline.hidden = isReached; };
  window.addEventListener("offline", () => reached(false));
  window.addEventListener("online", () => reached(true));
  return { main, reached, shown: () => drawPlaces(nav) };
}

/** Switch to the other language, here and on every later screen. */
export function languageButton(onLanguage, className = "tool") {
  const other = language() === "en" ? "zh-TW" : "en";
  return el("button", { type: "button", class: className, lang: other, on: { click: () => { setLanguage(other); onLanguage(other); } } },
    icon("language"), el("span", {}, other === "en" ? "English" : "中文"));
}

function drawTools(tools, onLanguage, redraw) {
  const size = textSize();
  const next = TEXT_SIZES[(TEXT_SIZES.indexOf(size) + 1) % TEXT_SIZES.length];
  const larger = el("button", { type: "button", class: "tool", "aria-label": t("text_size_now", { size }), on: { click: () => {
    setTextSize(next);
    redraw();
    tools.querySelector("button").focus();
  } } }, icon("text"), el("span", { "aria-hidden": "true" }, `${size}%`));
  fill(tools, larger, languageButton(onLanguage));
}

function drawPlaces(nav) {
  nav.hidden = !state.me;
  document.documentElement.dataset.signedIn = String(Boolean(state.me));
  nav.setAttribute("aria-label", t("nav_label"));
  fill(nav, PLACES.filter(({ scopes }) => !acting() || (scopes && mayNow(...scopes))).map(({ path, key, iconName, within }) => {
    const unread = path === "/app/inbox" && state.unread > 0;
    return el("a", { href: path, class: "place", "aria-current": within.test(window.location.pathname) && "page" },
      el("span", { class: "place-icon" }, icon(iconName),
        unread && el("span", { class: "badge", "aria-hidden": "true" }, state.unread > 99 ? "99+" : state.unread)),
      el("span", {}, t(key)), unread && el("span", { class: "unseen" }, t("unread_count", { n: state.unread })));
  }));
}
