// One stop: where, who, what they need, and the one thing to press next, in reach of a thumb.
import { el, fill } from "./dom.js";
import { absentSheet } from "./absent.js";
import { aboardSheet } from "./aboard.js";
import { mayBeAbsent } from "./manifest.js";
import { button, symbol } from "./parts.js";
import { clockText, has, sinceText, t } from "./words.js";

/** `pressed(deed, stop, body)` writes a deed down and sends it; `every(draw, signal)` runs once a second. */
export function stopView(stop, { pressed, signal, after }) {
  const isIn = stop.kind === "pickup";
  return {
    words: [
      el("div", { class: `stop-head ${isIn ? "in" : "out"}` }, symbol(isIn ? "in" : "out"),
        el("div", {}, el("h1", {}, t(isIn ? "pick_up" : "drop_off"), stop.rider?.name ? ` ${stop.rider.name}` : ""),
          el("p", { class: "stop-time" }, timeOf(stop)))),
      lateLine(stop),
      stop.rider_at_door_since && el("p", { class: "notice", role: "status" }, t("rider_at_door", { at: clockText(stop.rider_at_door_since) })),
      el("p", { class: "stop-place" }, stop.place.address || stop.place.label),
      stop.place.address && stop.place.label && stop.place.label !== stop.place.address && el("p", { class: "stop-label" }, stop.place.label),
      stop.place.directions && el("p", { class: "stop-how" }, stop.place.directions),
      needsOf(stop),
      stop.rider?.notes && el("p", { class: "notice" }, el("strong", {}, t("notes")), " ", stop.rider.notes),
      el("div", { class: "ways" },
        el("a", { class: "button", href: wayTo(stop.place), target: "_blank", rel: "noopener noreferrer" }, t("navigate")),
        stop.rider?.phone && el("a", { class: "button", href: `tel:${stop.rider.phone}` }, t("call_rider")),
        stop.rider?.caregiver_phone && el("a", { class: "button", href: `tel:${stop.rider.caregiver_phone}` }, t("call_caregiver", { name: stop.rider.caregiver_name || "" }))),
      after,
    ],
    deeds: deedsOf(stop, { pressed, signal }),
  };
}

function deedsOf(stop, { pressed, signal }) {
  if (stop.status === "planned") return [button(t("arrived"), () => pressed("arrival", stop, {}), { kind: "primary big" })];
  if (stop.status !== "arrived") return [];
  if (stop.kind === "dropoff") return [button(t("out"), () => pressed("out", stop, {}), { kind: "primary big" })];
  const waited = el("p", { class: "waited", role: "timer" });
  const absent = button(t("not_there"), () => absentSheet(stop, { pressed }), { kind: "wide" });
  const draw = () => {
    if (!stop.arrived_at) return;
    fill(waited, t("waited", { time: sinceText(stop.arrived_at) }), !mayBeAbsent(stop) && stop.no_show_from && `・${t("not_there_from", { at: clockText(stop.no_show_from) })}`);
  };
  draw();
  const timer = window.setInterval(draw, 1000);
  signal.addEventListener("abort", () => window.clearInterval(timer), { once: true });
  return [waited, button(t("aboard"), () => aboardSheet(stop, { pressed }), { kind: "primary big" }), absent];
}

/** "09:10–09:40 接" as it was promised. */
function timeOf(stop) {
  return stop.kind === "pickup" ? `${clockText(stop.window_starts_at)}–${clockText(stop.window_ends_at)}` : t("there_by", { at: clockText(stop.window_ends_at) });
}

/** When the plan says that the van is there, and that this is late where it is. */
function lateLine(stop) {
  if (stop.status !== "planned") return null;
  const minutes = Math.ceil((Date.parse(stop.expected_at) - Date.parse(stop.window_ends_at)) / 60000);
  return minutes > 0 ? el("p", { class: "notice warn" }, t("late_by", { n: minutes, at: clockText(stop.expected_at) })) : el("p", { class: "hint" }, t("planned_at", { at: clockText(stop.expected_at) }));
}

/** What the ride must do for this person, in words. */
export function needsOf(stop) {
  const chair = stop.chair?.width_cm && t("chair_size", { width: stop.chair.width_cm, length: stop.chair.length_cm });
  const needs = [
    chair, stop.chair?.weight_kg && t("chair_weight", { kg: stop.chair.weight_kg }),
    ...(stop.functions || []).filter((each) => !(chair && each === "W")).filter((each) => has(`function_${each}`)).map((each) => t(`function_${each}`)),
    stop.companions > 0 && t("companions_n", { n: stop.companions }), stop.is_shared === false && t("alone"),
  ].filter(Boolean);
  return needs.length > 0 && el("ul", { class: "needs", role: "list", "aria-label": t("needs") }, [...new Set(needs)].map((each) => el("li", {}, each)));
}

/** An address that opens whatever the phone drives by: only the place goes along, never who is there. */
function wayTo({ latitude, longitude }) {
  const place = `${latitude},${longitude}`;
  if (/Android/.test(navigator.userAgent)) return `geo:${place}?q=${place}`;
  if (/iPhone|iPad/.test(navigator.userAgent)) return `https://maps.apple.com/?daddr=${place}&dirflg=d`;
  return `https://www.google.com/maps/dir/?api=1&destination=${place}&travelmode=driving`;
}
