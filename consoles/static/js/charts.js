// Charts: bars drawn as SVG, each beside its words and figures. The whole says in one sentence what it shows.
import { el, svg } from "./dom.js";

/** One bar for each of `lines` ({name, value, figure}), the longest as wide as the place is. `says` is the alternative. */
export function bars(says, lines) {
  const most = Math.max(...lines.map(({ value }) => value), 1);
  return el("div", { class: "chart", role: "img", "aria-label": says }, lines.map(({ name, value, figure }) => el("div", {},
    el("div", { class: "chart-line" }, el("span", {}, name), el("span", { class: "figure" }, figure)),
    drawing([[100 * value / most, ""]]))));
}

/** One bar for each of `lines` ({name, parts, figure}), of as many parts as `names` has. */
export function partedBars(says, names, lines) {
  const whole = Math.max(...lines.map(({ parts }) => sum(parts)), 1);
  return el("div", { class: "chart", role: "img", "aria-label": says },
    lines.map(({ name, parts, figure }) => el("div", {},
      el("div", { class: "chart-line" }, el("span", {}, name), el("span", { class: "figure" }, figure)),
      drawing(parts.map((part, place) => [100 * part / whole, `part-${place + 1}`])))),
    el("div", { class: "key" }, names.map((name, place) => el("span", {},
      svg("svg", { class: "bar", "aria-hidden": "true" }, svg("rect", { class: `part-${place + 1}`, width: "100%", height: "100%" })), name))));
}

function drawing(parts) {
  let from = 0;
  return svg("svg", { class: "bar", "aria-hidden": "true", focusable: "false" }, parts.map(([width, kind]) => {
    const part = svg("rect", { class: kind, x: `${from}%`, width: `${width}%`, height: "100%" });
    from += width;
    return part;
  }));
}

function sum(parts) {
  return parts.reduce((total, part) => total + part, 0);
}

/**
 * A column for each of `times` ({name, value, figure}), the highest as tall as the place, or as `most` where several charts are to be compared; the
 * first, the middle and the last are named below.
 */
export function columns(says, times, { most = Math.max(...times.map(({ value }) => value), 1) } = {}) {
  const step = 100 / Math.max(times.length, 1);
  const drawn = times.map(({ name, value, figure }, place) => svg("rect", {
    x: `${place * step + step * 0.1}%`, y: `${100 - (100 * value) / most}%`, width: `${step * 0.8}%`, height: `${(100 * value) / most}%`,
  }, svg("title", {}, `${name} ${figure}`)));
  const named = times.length < 3 ? times : [times[0], times[Math.floor(times.length / 2)], times[times.length - 1]];
  return el("div", { class: "columns-chart", role: "img", "aria-label": says }, svg("svg", { "aria-hidden": "true", focusable: "false" }, drawn),
    el("div", { class: "columns-names", "aria-hidden": "true" }, named.map(({ name }) => el("span", {}, name))));
}
