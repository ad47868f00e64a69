// At most so many a day, over all bureaus: a slider with words, and how today stands.
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { freshId, problemPanel } from "../parts.js";

const MOST = 20;
const PAUSE_MS = 400;

export function capPart(settings, signal) {
  const words = el("p", { class: "cap-words", id: freshId("cap") });
  const lamps = el("div", { class: "cap-lamps", "aria-hidden": "true" });
  const problem = el("div");
  let today = null;
  let waiting = 0;
  const draw = (cap) => {
    fill(words, capText(cap), today && ` ${todayText(today)}`);
    fill(lamps, Array.from({ length: cap }, (_, place) => el("span", { class: place < (today?.used ?? 0) ? "cap-lamp used" : "cap-lamp" })));
    slider.setAttribute("aria-valuetext", capText(cap));
    less.disabled = cap === 0;
    more.disabled = cap === MOST;
  };
  const look = async () => { today = await call("GET", "/v1/notification-day", { signal }); draw(Number(slider.value)); };
  const save = async () => {
    fill(problem);
    try {
      await settings.save({ daily_cap: Number(slider.value) });
      await look();
    } catch (failure) {
      if (failure.name === "AbortError") return;
      slider.value = settings.current.daily_cap;
      draw(settings.current.daily_cap);
      fill(problem, problemPanel(failure));
    }
  };
  const changed = () => {
    draw(Number(slider.value));
    window.clearTimeout(waiting);
    waiting = window.setTimeout(save, PAUSE_MS);
  };
  const step = (by) => () => { slider.value = Number(slider.value) + by; announce(capText(Number(slider.value))); changed(); };
  const slider = el("input", { type: "range", class: "slider", min: "0", max: String(MOST), step: "1", value: String(settings.current.daily_cap),
    "aria-label": t("cap_title"), "aria-describedby": words.id, on: { input: changed } });
  const less = el("button", { type: "button", class: "button round", "aria-label": t("cap_less"), on: { click: step(-1) } }, icon("minus"));
  const more = el("button", { type: "button", class: "button round", "aria-label": t("cap_more"), on: { click: step(1) } }, icon("plus"));
  draw(settings.current.daily_cap);
  look().catch(() => {});
  return el("section", { class: "card cap" }, el("h2", {}, icon("bell"), " ", t("cap_title")), words, lamps,
    el("div", { class: "cap-row" }, less, slider, more), problem, el("p", { class: "hint" }, t("cap_hint")));
}

function capText(cap) {
  return cap === 0 ? t("cap_none") : t("cap_words", { n: cap });
}

function todayText({ used, waiting }) {
  if (!used) return waiting ? t("cap_today_only_waiting", { n: waiting }) : t("cap_today_none");
  return waiting ? t("cap_today_waiting", { used, waiting }) : t("cap_today", { used });
}
