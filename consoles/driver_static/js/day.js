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
      stops.length === 0 ? el("p", { class: "empty" }, t("day_empty")) : el("ol", { class: "lines", role: "list" }, withRests(stops, manifest.breaks)),
    ],
  };
}

/** Stops keep their order; a rest stands before the first stop that is expected after it. */
function withRests(stops, breaks) {
  const waiting = [...breaks];
  const lines = [];
  for (const stop of stops) {
    while (waiting.length && Date.parse(waiting[0].began_at || waiting[0].planned_at) <= Date.parse(stop.expected_at)) lines.push(rest(waiting.shift()));
    lines.push(line(stop));
  }
  return [...lines, ...waiting.map(rest)];
}

function rest({ planned_at: plannedAt, began_at: beganAt, ended_at: endedAt, minutes }) {
  return el("li", { class: "line" }, el("span", { class: "line-mark" }, symbol("rest")),
    el("span", { class: "line-words" }, el("span", { class: "line-what" }, `${clockText(beganAt || plannedAt)} `, t("rest_line", { n: minutes }))),
    endedAt && el("span", { class: "mark done" }, t("rest_done")));
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
