// The roster of the city's own vans: seven days as a table, and every change of it tried before it is done.
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { dayText, t } from "../language.js";
import { officer } from "../officer.js";
import { busy, button, card, confirmed, field, heading, moment, notice } from "../parts.js";
import { awayForm, outForm, sheetForm, shiftForm } from "../roster_forms.js";
import { showOutcome } from "../roster_outcome.js";
import { rosterWeek } from "../roster_week.js";
import { go, redraw } from "../router.js";

const DAYS = 7;
const DAY_MS = 86400000;

export const desk = { path: "/desk/dispatch-roster", name: "rst", roles: ["dispatcher", "auditor"], screens: { "/desk/dispatch-roster": week } };

async function week(place, { said } = {}) {
  const { query, signal } = place;
  const from = query.get("from");
  const [roster, vans, drivers] = await Promise.all([
    call("GET", `/v1/dispatch/roster?days=${DAYS}${from ? `&first_day=${from}` : ""}`, { signal }), call("GET", "/v1/dispatch/vehicles", { signal }), call("GET", "/v1/dispatch/drivers", { signal })]);
  const things = { vans: vans.items.filter((each) => !each.retired_at), drivers: drivers.items.filter((each) => !each.left_at) };
  const first = roster.first_day;
  const days = Array.from({ length: DAYS }, (_, number) => later(first, number));
  const isDispatcher = officer().roles.includes("dispatcher");
  const onDone = (words) => redraw(week, place, words);

  const table = rosterWeek({ onShift: (shift) => isDispatcher && shiftForm(shift, things, onDone) });
  const seek = field(t("rst_find"), { type: "search" });
  const sums = el("p", { role: "status" });
  const none = el("p", { class: "empty" });
  const draw = () => {
    const words = seek.input.value.trim().toLowerCase();
    const fits = (van) => !words || van.toLowerCase().includes(words) || roster.shifts.some((each) => each.vehicle === van && `${each.driver} ${each.driver_name}`.toLowerCase().includes(words));
    const shown = [...new Set([...things.vans.map(({ number }) => number), ...roster.shifts.map(({ vehicle }) => vehicle)])].sort().filter(fits);
    table.show(shown, days, roster);
    const shifts = roster.shifts.filter(({ vehicle }) => shown.includes(vehicle));
    fill(sums, t("rst_sums", { vans: shown.length, shifts: shifts.length, rides: shifts.reduce((sum, { rides }) => sum + rides, 0) }));
    fill(none, shown.length === 0 ? t("rst_no_match") : shifts.length === 0 && t("rst_none"));
    none.hidden = !none.textContent;
  };
  seek.input.addEventListener("input", draw);
  const which = field(t("rst_from"), { type: "date", value: first });
  which.input.addEventListener("change", () => { if (which.input.value) go(`/desk/dispatch-roster?from=${which.input.value}`); });
  const before = later(first, -DAYS);
  const today = roster.now.slice(0, 10);
  const day = first > today ? first : today;
  const copy = { copies: [{ from_day: before, to_day: first, days: DAYS }] };
  draw();
  return {
    title: t("rst_title"),
    content: [
      heading(`${t("rst_title")}${t("rst_week_of", { from: dayText(first) })}`, { back: "/desk/dispatch", intro: t("rst_intro") }),
      said && notice("good", said),
      el("div", { class: "roster-tools" },
        el("a", { class: "button", href: `/desk/dispatch-roster?from=${before}` }, `‹ ${t("rst_before")}`),
        el("a", { class: "button", href: `/desk/dispatch-roster?from=${later(first, DAYS)}` }, `${t("rst_after")} ›`),
        el("a", { class: "button", href: "/desk/dispatch-vans" }, t("rst_things")),
        el("a", { class: "button", href: `/v1/dispatch/roster/sheet?first_day=${first}&days=${DAYS}`, download: `roster-${first}.csv` }, t("rst_export"))),
      el("div", { class: "filter-form" }, which.block, seek.block),
      isDispatcher && el("div", { class: "roster-tools" },
        button(t("rst_add"), () => shiftForm({ date: day }, things, onDone), { kind: "primary" }), button(t("rst_out"), () => outForm(day, things, onDone)),
        button(t("rst_away"), () => awayForm(day, things, onDone)), button(t("rst_copy"), () => showOutcome(copy, onDone), { title: t("rst_copy_text", { from: dayText(before) }) }),
        button(t("rst_sheet"), () => sheetForm(onDone))),
      sums, none, table.block, el("p", { class: "hint" }, t("rst_keys")), missing(roster.absences, isDispatcher, onDone),
    ],
  };
}

function missing(absences, isDispatcher, onDone) {
  if (absences.length === 0) return card(t("rst_absences"), el("p", { class: "calm" }, t("rst_no_absences")));
  return card(t("rst_absences"), el("ul", { class: "list", role: "list" }, absences.map((each) => {
    const problem = el("div");
    const back = button(t("rst_back"), async () => {
      if (!await confirmed(t("rst_back"), t("rst_back_text"), t("rst_back"))) return;
      busy(back, problem, async () => {
        await call("DELETE", `/v1/dispatch/roster/absences/${each.id}`);
        announce(t("rst_back_done"));
        onDone(t("rst_back_done"));
      });
    }, { kind: "small", "aria-label": `${t("rst_back")} ${each.vehicle || each.driver}` });
    return el("li", { class: "row" }, el("div", { class: "row-link" },
      el("span", { class: "row-words" }, el("span", { class: "row-title" }, each.vehicle || `${each.driver} ${each.driver_name}`), el("span", {}, moment(each.starts_at), " – ", moment(each.ends_at)), each.reason && el("span", { class: "hint" }, each.reason)),
      isDispatcher && back), problem);
  })));
}

function later(day, days) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}
