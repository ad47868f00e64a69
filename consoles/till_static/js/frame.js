// What stands around the till's screens: whose shop and shift it is, the three screens, and what is wrong with the network.
import { el, fill } from "./dom.js";
import { button, symbol } from "./parts.js";
import { isHeard, play, setHeard } from "./sounds.js";
import { TEXT_SIZES, language, setLanguage, setTextSize, t, textSize } from "./words.js";

const SAID_MS = 8000;
const PLACES = [["/till", "nav_sale"], ["/till/today", "nav_today"], ["/till/totals", "nav_totals"]];

/** Draw the frame once. `go(path)`, `redraw()` after a change of language, `onShiftEnd()`. */
export function buildFrame(place, { go, redraw, onShiftEnd }) {
  const main = el("main", { id: "main", tabindex: "-1" });
  const shop = el("div", { class: "shop" });
  const tools = el("div", { class: "tools" });
  const nav = el("nav", { class: "places" });
  const network = el("div", { class: "network", role: "alert", hidden: true });
  const waits = el("div", { class: "waits", hidden: true });
  const said = el("div", { class: "said", hidden: true });
  let known = null;
  let isDown = false;
  let timer = 0;
  fill(place, el("header", { class: "top" }, shop, tools), network, waits, said, nav, main);

  const drawTools = () => {
    const size = textSize();
    const other = language() === "en" ? "zh-TW" : "en";
    fill(tools,
      el("button", { type: "button", class: "tool", "aria-pressed": String(isHeard()), on: { click: () => { setHeard(!isHeard()); play("good"); drawTools(); tools.children[0].focus(); } } },
        t(isHeard() ? "sound_on" : "sound_off")),
      el("button", { type: "button", class: "tool", "aria-label": t("text_size_now", { size }), on: { click: () => {
        setTextSize(TEXT_SIZES[(TEXT_SIZES.indexOf(size) + 1) % TEXT_SIZES.length]);
        drawTools();
        tools.children[1].focus();
      } } }, `${size}%`),
      el("button", { type: "button", class: "tool", lang: other, on: { click: () => { setLanguage(other); redraw(); } } }, other === "en" ? "English" : "中文"),
      known?.staff && el("button", { type: "button", class: "tool", on: { click: onShiftEnd } }, t("shift_end")));
  };

  const drawNetwork = () => {
    network.hidden = !isDown;
    if (isDown) fill(network, symbol("lost"), el("div", {}, el("strong", {}, t("network_down")), el("p", {}, t("network_down_do")), el("p", {}, t("network_down_not"))));
  };

  /** Say something for a while. */
  const say = (tone, words) => {
    window.clearTimeout(timer);
    said.className = `said ${tone}`;
    said.hidden = false;
    fill(said, symbol(tone), el("span", {}, words), button(t("close"), () => { said.hidden = true; }, { kind: "small" }));
    timer = window.setTimeout(() => { said.hidden = true; }, SAID_MS);
  };

  return {
    main,
    say,
    /** Of which till this is, or null. */
    show(till) {
      known = till;
      fill(shop, el("strong", {}, till ? `${till.merchant.name} ${till.branch.name}` : t("app_name")), till && el("span", {}, [till.name, till.staff?.name].filter(Boolean).join("・")));
      drawTools();
      drawNetwork();
      nav.hidden = !till?.staff;
      nav.setAttribute("aria-label", t("nav_label"));
      const here = window.location.pathname.replace(/\/$/, "");
      fill(nav, PLACES.map(([path, key]) => el("a", { href: path, "aria-current": here === path && "page", on: { click: (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        go(path);
      } } }, t(key))));
    },
    /** Whether the last request was answered. */
    reached(isReached) {
      if (isDown === !isReached) return;
      isDown = !isReached;
      drawNetwork();
      if (isReached) say("good", t("network_back"));
    },
    /** How many payments were given up and are not cleared up yet. */
    waiting(count) {
      waits.hidden = count === 0;
      if (count) fill(waits, t("given_up_waiting", { n: count }));
    },
  };
}
