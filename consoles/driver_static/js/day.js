// All stops of the day, in the order of driving.
import { el } from "./dom.js";
import { symbol } from "./parts.js";
import { clockText, t } from "./words.js";

/** `stops` as they stand; each leads to its own screen. */
export function dayScreen({ stops, manifest }) {
  const left = stops.filter(({ status }) => status === "planned" || status === "arrived").length;
  return {
    title: t("day_title"),
    content: [
      el("h1", {}, t("day_title")),
      el("p", { class: "hint" }, t("day_shift", { from: clockText(manifest.shift.starts_at), to: clockText(manifest.shift.ends_at) }), "・", t("day_left", { n: left })),
      stops.length === 0 ? el("p", { class: "empty" }, t("day_empty")) : el("ol", { class: "lines", role: "list" }, stops.map(line)),
    ],
  };
}

function line(stop) {
  const isIn = stop.kind === "pickup";
  return el("li", {}, el("a", { class: `line ${stop.status}`, href: `/driver/stops/${stop.id}` },
    el("span", { class: `line-mark ${isIn ? "in" : "out"}` }, symbol(isIn ? "in" : "out")),
    el("span", { class: "line-words" },
      el("span", { class: "line-what" }, `${clockText(stop.expected_at)} `, t(isIn ? "pick_up" : "drop_off"), stop.rider?.name ? ` ${stop.rider.name}` : ""),
      el("span", {}, stop.place.address || stop.place.label)),
    el("span", { class: `mark ${stop.status}` }, t(`status_${stop.status}`), stop.isUnsent && `・${t("unsent_mark")}`)));
}
