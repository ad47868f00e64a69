// What stands around the driver's screens: whose van it is, what is not sent yet, what was refused, and at the bottom the deeds and the three screens.
import { el, fill } from "./dom.js";
import { button, symbol } from "./parts.js";
import { clockText, t } from "./words.js";

const PLACES = [["/driver", "nav_next"], ["/driver/day", "nav_day"], ["/driver/more", "nav_more"]];

/** Draw the frame once. `go(path)` leads to a screen; `understood(key)` puts away what was refused; `undo(tap)` takes a tap back. */
export function buildFrame(place, { go, understood, undo }) {
  const main = el("main", { id: "main", tabindex: "-1" });
  const van = el("header", { class: "top" });
  const network = el("div", { class: "network", role: "alert", hidden: true });
  const waits = el("div", { class: "waits", role: "status", hidden: true });
  const refusals = el("div", { class: "refusals" });
  const said = el("div", { class: "said", hidden: true });
  const deeds = el("div", { class: "deeds" });
  const nav = el("nav", { class: "places" });
  const dock = el("section", { class: "dock" }, el("div", { class: "pressing" }, said, deeds), nav);
  let waiting = "";
  let shown = "";
  let phone = null;
  fill(place, van, network, waits, refusals, main, dock);

  return {
    main,
    deeds,
    /** Which van and who drives it, or null. */
    show(manifest) {
      phone = manifest?.dispatch_phone || null;
      fill(van, el("strong", {}, manifest ? manifest.vehicle.number : t("app_name")), manifest && el("span", {}, manifest.driver.name));
      nav.hidden = !manifest;
      nav.setAttribute("aria-label", t("nav_label"));
      dock.setAttribute("aria-label", t("dock_label"));
      const here = window.location.pathname.replace(/\/$/, "");
      fill(nav, PLACES.map(([path, key]) => el("a", { href: path, "aria-current": here === path && "page" }, t(key))));
    },
    /** Whether the last request was answered. */
    reached(isReached) {
      if (network.hidden === isReached) return;
      network.hidden = isReached;
      fill(network, !isReached && [symbol("lost"), el("div", {}, el("strong", {}, t("network_down")), el("p", {}, t("network_down_do")))]);
    },
    /** Whether the last request was not answered. */
    isDown: () => !network.hidden,
    /** What waits to be sent, and what was refused. */
    taps(unsent, refused) {
      const words = unsent.length ? [t("unsent_n", { n: unsent.length }), unsent.map(({ deed, at }) => `${clockText(at)} ${t(`deed_${deed}`)}`).join(t("and"))].join(" ") : "";
      if (words !== waiting) {
        waiting = words;
        waits.hidden = !words;
        fill(waits, words && [el("strong", {}, t("unsent_n", { n: unsent.length })), el("ul", {}, unsent.map(({ deed, at }) => el("li", {}, `${clockText(at)} ${t(`deed_${deed}`)}`)))]);
      }
      const written = JSON.stringify(refused.map(({ key }) => key));
      if (written === shown) return;
      shown = written;
      fill(refusals, refused.map(({ key, deed, at, title, detail }) => el("section", { class: "notice bad", role: "alert" },
        el("p", { class: "notice-title" }, t("refused_deed", { at: clockText(at), deed: t(`deed_${deed}`) })), el("p", {}, title, detail && detail !== title && ` ${detail}`),
        el("p", {}, t("refused_do")),
        el("div", { class: "ways" }, phone && el("a", { class: "button", href: `tel:${phone}` }, t("call_dispatch", { phone })), button(t("understood"), () => understood(key))))));
    },
    /** Say that something was pressed, with the way back while `tap` can be taken back; null puts it away. */
    pressed(tap, { canUndo = false } = {}) {
      said.hidden = !tap;
      fill(said, tap && [symbol("good"), el("span", {}, t(`said_${tap.deed}`)), canUndo && button(t("undo"), () => undo(tap), { kind: "small" })]);
    },
    go,
  };
}
