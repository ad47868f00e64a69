// Numbers of people and of messages. The API words what is too few to be told exactly ("under 20"): then there is no value.
import { el, svg } from "./dom.js";
import { t } from "./language.js";

export function number(value) {
  return new Intl.NumberFormat("en-US").format(value);
}

/** One bar cut into `parts` ({name, kind, value, figure}): each with its colour and pattern, its words and its number below. `says` is the alternative. */
export function splitBar(says, parts) {
  const whole = parts.reduce((total, { value }) => total + (value || 0), 0) || 1;
  let from = 0;
  const pieces = parts.map(({ kind, value }) => {
    const width = (100 * (value || 0)) / whole;
    const piece = svg("rect", { class: `is-${kind}`, x: `${from}%`, width: `${width}%`, height: "100%" });
    from += width;
    return piece;
  });
  return el("div", { class: "split" },
    svg("svg", { class: "split-bar", role: "img", "aria-label": says, focusable: "false" }, pieces),
    el("ul", { class: "split-key", role: "list" }, parts.map(({ name, kind, figure, hint }) => el("li", {},
      svg("svg", { class: "swatch", "aria-hidden": "true" }, svg("rect", { class: `is-${kind}`, width: "100%", height: "100%" })),
      el("span", { class: "split-name" }, name, hint && el("span", { class: "hint" }, hint)), el("span", { class: "figure" }, figure)))));
}

/** In words: "會送出 約 1,230、今晚摘要 40". */
export function saidCounts(parts) {
  return parts.map(({ name, figure }) => t("pair", { name, value: figure })).join(t("and"));
}
