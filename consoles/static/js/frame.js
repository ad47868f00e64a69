// What stands around every screen: the desks, who is signed in with which role, the time left, and the way out.
import { call } from "./api.js";
import { DESKS } from "./desks.js";
import { announce, el, fill, svg } from "./dom.js";
import { TEXT_SIZES, language, setLanguage, setTextSize, t, textSize } from "./language.js";
import { officer, onOfficerChange, refreshOfficer, secondsLeft, setOfficer } from "./officer.js";
import { button } from "./parts.js";

const SHORT_SECONDS = 120;

/** Draw the frame into `place` once; answers the element that screens are drawn into. */
export function buildFrame(place, { onLanguage, onSignedOut }) {
  const main = el("main", { id: "main", tabindex: "-1" });
  const nav = el("nav", { class: "desks" });
  const tools = el("div", { class: "tools" });
  const who = el("div", { class: "who" });
  const short = el("div", { class: "short", hidden: true });
  const skip = el("a", { class: "skip", href: "#main", on: { click: (event) => { event.preventDefault(); main.focus(); } } });
  const brand = el("a", { class: "brand", href: "/desk" });
  fill(place, skip, el("header", { class: "top" }, brand, who, tools), short, el("div", { class: "body" }, nav, main));

  const draw = () => {
    fill(skip, t("skip"));
    fill(brand, sign(), el("span", {}, t("app_name")));
    drawTools(tools, () => { draw(); onLanguage(); }, draw);
    drawOfficer(who, onSignedOut);
    drawDesks(nav);
    drawShort(short);
  };
  draw();
  onOfficerChange(draw);
  window.setInterval(() => tick(who, short, onSignedOut), 5000);
  return { main, shown: () => drawDesks(nav) };
}

/** The desks at which this officer has something to do. */
export function desksOf(known) {
  return DESKS.filter(({ roles }) => roles === null || roles.some((role) => known.roles.includes(role)));
}

function drawOfficer(who, onSignedOut) {
  const known = officer();
  who.hidden = !known;
  if (!known) return;
  const leave = async () => {
    await call("POST", "/v1/auth/officers/logout", { quiet: true }).catch(() => {});
    setOfficer(null);
    onSignedOut({ hasEnded: false, comesBack: false });
  };
  fill(who, el("span", { class: "who-name" }, known.name), el("span", { class: "who-role" }, `${known.bureau_name} ${known.role_names.join(t("and"))}`),
    el("span", { class: "left" }, timeLeft()), button(t("sign_out"), leave, { kind: "small" }));
}

function timeLeft() {
  return t("time_left", { n: Math.ceil(secondsLeft() / 60) });
}

function drawShort(short) {
  const isShort = Boolean(officer()) && secondsLeft() < SHORT_SECONDS;
  if (isShort && short.hidden) announce(t("time_short", { n: 2 }), { urgent: true });
  if (isShort) fill(short, el("span", {}, t("time_short", { n: 2 })), button(t("stay"), () => refreshOfficer(), { kind: "small" }));
  short.hidden = !isShort;
}

function tick(who, short, onSignedOut) {
  if (!officer()) return;
  if (secondsLeft() === 0) {
    setOfficer(null);
    onSignedOut({ hasEnded: true, comesBack: true });
    return;
  }
  fill(who.querySelector(".left"), timeLeft());
  drawShort(short);
}

function drawDesks(nav) {
  const known = officer();
  nav.hidden = !known;
  if (!known) return;
  nav.setAttribute("aria-label", t("nav_label"));
  const desks = desksOf(known);
  const here = desks.find(({ path }) => isAt(path));
  const list = el("div", { class: "desk-list", id: "desk-list" }, desks.map(({ path, name }) => el("a", {
    href: path, class: "desk", "aria-current": isAt(path) && "page",
  }, t(name))));
  const menu = el("button", { type: "button", class: "desk-menu", "aria-expanded": "false", "aria-controls": "desk-list", on: { click: () => {
    menu.setAttribute("aria-expanded", String(list.classList.toggle("open")));
  } } }, t("menu", { desk: here ? t(here.name) : "" }));
  fill(nav, menu, list);
}

function isAt(path) {
  return window.location.pathname === path || window.location.pathname.startsWith(`${path}/`);
}

function drawTools(tools, onLanguage, redraw) {
  const size = textSize();
  const next = TEXT_SIZES[(TEXT_SIZES.indexOf(size) + 1) % TEXT_SIZES.length];
  const other = language() === "en" ? "zh-TW" : "en";
  const larger = el("button", { type: "button", class: "tool", "aria-label": t("text_size_now", { size }), on: { click: () => {
    setTextSize(next);
    redraw();
    tools.querySelector("button").focus();
  } } }, `${size}%`);
  const switched = el("button", { type: "button", class: "tool", lang: other, on: { click: () => { setLanguage(other); onLanguage(); } } },
    other === "en" ? "English" : "中文");
  fill(tools, larger, switched);
}

/** Our sign: a harbour light over two waves. */
function sign() {
  return svg("svg", { viewBox: "0 0 32 32", class: "sign", "aria-hidden": "true", focusable: "false" },
    svg("circle", { class: "sign-sun", cx: 22.5, cy: 9, r: 4 }),
    svg("path", { d: "M8.5 20l1.5-11.5h4L15.5 20z M9.5 8.5V6L12 4l2.5 2v2.5z" }),
    svg("path", { d: "M2.5 22.5c2.3-2 4.4-2 6.7 0s4.5 2 6.8 0 4.5-2 6.8 0 4.4 2 6.7 0" }),
    svg("path", { d: "M2.5 27c2.3-2 4.4-2 6.7 0s4.5 2 6.8 0 4.5-2 6.8 0 4.4 2 6.7 0" }));
}
