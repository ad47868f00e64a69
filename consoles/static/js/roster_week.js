// The week of all vans as a table: a line for each van, a column for each day, in each cell its shifts, each with a strip that shows where in the day it lies.
import { el, fill } from "./dom.js";
import { dayText, t } from "./language.js";

const DAY_MINUTES = 1440;
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** A rest as it is typed: "11:00-12:30/30". */
export function restsText(rests) {
  return rests.map(({ begins, latest, minutes }) => `${begins}-${latest}/${minutes}`).join("; ");
}

/** {block, show(vans, days, roster)}: `vans` are numbers, `days` dates, `roster` what the API says; `onShift(shift)`. */
export function rosterWeek({ onShift }) {
  const place = el("div", { class: "roster-scroll", tabindex: "0", role: "region", "aria-label": t("rst_title") });
  place.addEventListener("keydown", (event) => walk(event, place));
  const show = (vans, days, roster) => {
    const here = document.activeElement?.dataset?.shift;
    fill(place, el("table", { class: "roster" }, el("caption", { class: "unseen" }, t("rst_title")),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("rst_van")), days.map((day) => el("th", { scope: "col" }, dayText(day))))),
      el("tbody", {}, vans.map((van, row) => el("tr", {}, el("th", { scope: "row" }, van),
        days.map((day, column) => el("td", { class: day === roster.now.slice(0, 10) && "today" },
          roster.absences.filter((each) => each.vehicle === van && touches(each, day)).map((each) => el("span", { class: "roster-out" }, `${t("rst_off")} ${each.reason}`)),
          roster.shifts.filter((each) => each.vehicle === van && each.date === day).map((each) => shiftButton(each, row, column, onShift)))))))));
    const buttons = [...place.querySelectorAll(".roster-shift")];
    const again = buttons.find((each) => each.dataset.shift === here);
    (again || buttons[0])?.setAttribute("tabindex", "0");
    again?.focus();
  };
  return { block: place, show };
}

function shiftButton(shift, row, column, onShift) {
  const words = [`${shift.begins}–${shift.ends}`, `${shift.driver} ${shift.driver_name}`, t(`rst_status_${shift.status}`), shift.rides > 0 && t("rst_rides_n", { n: shift.rides })].filter(Boolean);
  return el("button", {
    type: "button", class: `roster-shift ${shift.status}`, tabindex: "-1", "data-shift": shift.id, "data-row": row, "data-column": column,
    "aria-label": [shift.vehicle, dayText(shift.date), ...words].join(" "), on: { click: () => onShift(shift) },
  }, el("strong", {}, words[0]), `${shift.driver_name} `, shift.rides > 0 && `${t("rst_rides_n", { n: shift.rides })} `,
  ["broken_down", "over"].includes(shift.status) && `${shift.status === "over" ? "✓" : "⚠"} ${t(`rst_status_${shift.status}`)}`,
  el("span", { class: "roster-strip", "aria-hidden": "true" }, part(shift.begins, minutes(shift.ends) - minutes(shift.begins)),
    shift.breaks.map((rest) => part(rest.begins, rest.minutes, "rest"))));
}

function part(from, long, kind = "") {
  const drawn = el("i", { class: kind });
  drawn.style.setProperty("--from", String(minutes(from) / DAY_MINUTES));
  drawn.style.setProperty("--long", String(long / DAY_MINUTES));
  return drawn;
}

function minutes(hour) {
  return Number(hour.slice(0, 2)) * 60 + Number(hour.slice(3, 5));
}

function touches({ starts_at: from, ends_at: until }, day) {
  return from.slice(0, 10) <= day && day <= until.slice(0, 10);
}

/** Arrows go to the next shift in that direction: along the line, or in the same column of another line. */
function walk(event, place) {
  const step = STEPS[event.key];
  const here = event.target.closest(".roster-shift");
  if (!step || !here) return;
  event.preventDefault();
  const all = [...place.querySelectorAll(".roster-shift")];
  const at = all.indexOf(here);
  const side = step[0] + step[1];
  const next = step[1]
    ? all[at + side]
    : (side > 0 ? all.slice(at + 1) : all.slice(0, at).reverse()).find((each) => each.dataset.column === here.dataset.column && each.dataset.row !== here.dataset.row);
  if (!next) return;
  here.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
}
