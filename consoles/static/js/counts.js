// Counts of people and of messages, as the API publishes them: {text, value}. What is too few to be told is "under 20", without a value.
import { el, svg } from "./dom.js";
import { t } from "./language.js";

/** Of `counts` those named in `wanted`, [name, kind (its colour), words, hint]: parts for a bar. */
export function partsOf(counts, wanted) {
  return wanted.map(([name, kind, words, hint]) => ({ kind, name: words, hint, value: counts[name].value || 0, figure: counts[name].text }));
}

/** Of an audience those of whom none of `parts` tells yet: with it, the parts are everybody. Of what `isOver` nobody is left. */
export function restOf(audience, parts, isOver) {
  const decided = parts.reduce((sum, { value }) => sum + value, 0);
  const rest = isOver ? 0 : Math.max(0, (audience.value || 0) - decided);
  return { kind: "rest", name: t("live_undecided"), value: rest, figure: rest ? t("about_n", { n: rest.toLocaleString("en-US") }) : "0" };
}

/** One bar cut into `parts` ({name, kind, value, figure, hint}): each with its colour, its words and its number below. `says` is the alternative. */
export function splitBar(says, parts) {
  const whole = parts.reduce((total, { value }) => total + value, 0) || 1;
  let from = 0;
  const pieces = parts.map(({ kind, value }) => {
    const width = (100 * value) / whole;
    const piece = svg("rect", { class: `is-${kind}`, x: `${from}%`, width: `${width}%`, height: "100%" });
    from += width;
    return piece;
  });
  return el("div", { class: "split" }, svg("svg", { class: "split-bar", role: "img", "aria-label": says, focusable: "false" }, pieces), countList(parts));
}

/** The same numbers in words, with the colour of each that has one. */
export function countList(parts) {
  return el("ul", { class: "split-key", role: "list" }, parts.map(({ name, kind, figure, hint }) => el("li", {},
    kind && svg("svg", { class: "swatch", "aria-hidden": "true" }, svg("rect", { class: `is-${kind}`, width: "100%", height: "100%" })),
    el("span", { class: "split-name" }, name, hint && el("span", { class: "hint" }, hint)), el("span", { class: "figure" }, figure))));
}

/** In words: "今天送到：約 1,230、進今晚摘要：約 40". */
export function saidCounts(parts) {
  return parts.map(({ name, figure }) => t("pair", { name, value: figure })).join(t("and"));
}
