// What happened to a payment or a subscription, step by step, for whoever wants to know.
import { call } from "../api.js";
import { el, fill } from "../dom.js";
import { momentElement } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { problemPanel } from "../parts.js";

/** Closed until it is wanted; asked for each time it is opened. `address`: where the API lists the events. */
export function timeline(address, signal, title = t("timeline_title")) {
  const place = el("div", { class: "why-words" });
  const block = el("details", { class: "why", on: { toggle: () => { if (block.open) load(address, place, signal); } } },
    el("summary", {}, icon("history"), title), place);
  return block;
}

async function load(address, place, signal) {
  try {
    const { items } = await call("GET", address, { signal });
    fill(place, steps(items));
  } catch (failure) {
    if (failure.name !== "AbortError") fill(place, problemPanel(failure));
  }
}

/** Moments with what happened then, oldest first. */
export function steps(items) {
  return el("ol", { class: "steps" }, items.map((item) => el("li", {}, el("span", {}, item.text || item.words), el("span", { class: "hint" }, momentElement(item.at)))));
}
