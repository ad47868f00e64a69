// What somebody wants of the roster, as forms: each ends in what it would do (roster_outcome.js), never in the change itself.
import { call } from "./api.js";
import { el, fill } from "./dom.js";
import { dayText, t } from "./language.js";
import { allFilled, busy, button, checkBox, choice, facts, field, notice, table } from "./parts.js";
import { dialogOf, showOutcome } from "./roster_outcome.js";
import { restsText } from "./roster_week.js";

const REST = /^([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})\/([0-9]{1,3})$/;
const ZONE = "+08:00";

/** `things`: {vans, drivers} that are there; `onDone(words)` after a change. */
export function shiftForm(shift, things, onDone) {
  const isNew = !shift.id;
  const van = isNew ? vanChoice(things.vans) : null;
  const driver = driverChoice(t("rst_driver"), things.drivers, shift.driver);
  const day = isNew ? field(t("rst_date"), { type: "date", value: shift.date }) : null;
  const begins = field(t("rst_begins"), { type: "time", value: shift.begins ?? "06:00" });
  const ends = field(t("rst_ends"), { type: "time", value: shift.ends ?? "14:30" });
  const rests = field(t("rst_breaks"), { value: restsText(shift.breaks ?? []), maxlength: 200, hint: t("rst_breaks_hint") });
  const weekly = checkBox(t("rst_weekly"), false);
  const wanted = (close) => {
    if (!allFilled(...[van, day, driver, begins, ends].filter(Boolean))) return;
    const breaks = restsOf(rests.input.value);
    if (!breaks) { rests.setError(t("rst_breaks_wrong")); return; }
    close();
    showOutcome(isNew
      ? { additions: [{ vehicle: van.input.value, driver: driver.input.value, date: day.input.value, begins: begins.input.value, ends: ends.input.value, breaks, weekly: weekly.input.checked }] }
      : { alterations: [alteration(shift, { driver: driver.input.value, begins: begins.input.value, ends: ends.input.value, breaks }, weekly.input.checked)] }, onDone);
  };
  const takeAway = (close) => { close(); showOutcome({ removals: [{ shift: shift.id, weekly: weekly.input.checked }] }, onDone); };
  dialogOf(isNew ? t("rst_add") : `${shift.vehicle} ${dayText(shift.date)}`, (close) => [
    !isNew && facts([[t("rst_shifts"), `${shift.begins}–${shift.ends}`], [t("rst_driver"), `${shift.driver} ${shift.driver_name}`], [t("rst_in_it"), t("rst_rides_n", { n: shift.rides })], [t("status"), t(`rst_status_${shift.status}`)]]),
    shift.status === "over"
      ? el("div", { class: "actions" }, button(t("cancel"), close))
      : form([van, day, driver, begins, ends, rests], [weekly.block], t("rst_look"), () => wanted(close), [!isNew && button(t("rst_take_away"), () => takeAway(close), { kind: "danger" }), button(t("cancel"), close)]),
  ]);
}

/** Only what is otherwise is sent: what is under way keeps its hours. */
function alteration(shift, wanted, weekly) {
  const changed = { shift: shift.id, weekly };
  for (const name of ["driver", "begins", "ends"]) if (wanted[name] !== shift[name]) changed[name] = wanted[name];
  if (restsText(wanted.breaks) !== restsText(shift.breaks)) changed.breaks = wanted.breaks;
  return changed;
}

export function outForm(day, { vans }, onDone) {
  const van = vanChoice(vans);
  const [from, until] = stretch(day);
  const reason = field(t("rst_reason"), { maxlength: 200, hint: t("rst_reason_hint") });
  dialogOf(t("rst_out"), (close) => form([van, from, until, reason], [], t("rst_look"), () => {
    if (!allFilled(van, from, until, reason)) return;
    close();
    showOutcome({ out_of_service: [{ vehicle: van.input.value, reason: reason.input.value.trim(), ...moments(from, until) }] }, onDone);
  }, [button(t("cancel"), close)]));
}

export function awayForm(day, { drivers }, onDone) {
  const driver = driverChoice(t("rst_driver"), drivers, "");
  const [from, until] = stretch(day);
  const instead = driverChoice(t("rst_substitute"), drivers, "", t("rst_nobody"));
  dialogOf(t("rst_away"), (close) => [el("p", { class: "hint" }, t("rst_away_hint")), form([driver, from, until, instead], [], t("rst_look"), () => {
    if (!allFilled(driver, from, until)) return;
    close();
    showOutcome({ away: [{ driver: driver.input.value, substitute: instead.input.value || null, ...moments(from, until) }] }, onDone);
  }, [button(t("cancel"), close)])]);
}

export function sheetForm(onDone) {
  const words = field(t("rst_sheet_paste"), { name: "textarea", rows: 8, hint: t("rst_sheet_hint"), spellcheck: "false" });
  const file = field(t("rst_sheet_file"), { type: "file", accept: ".csv,text/csv" });
  file.input.addEventListener("change", async () => { if (file.input.files[0]) words.input.value = await file.input.files[0].text(); });
  const problem = el("div");
  const found = el("div", { role: "status" });
  dialogOf(t("rst_sheet"), (close) => [form([words, file], [], t("rst_sheet_read"), (pressed) => {
    if (!allFilled(words)) return;
    busy(pressed, problem, async () => {
      const read = await call("POST", "/v1/dispatch/roster/sheet", { body: { csv: words.input.value } });
      fill(found, notice(read.is_readable ? "good" : "bad", t(read.is_readable ? "rst_sheet_ok" : "rst_sheet_wrong")),
        table(t("rst_sheet"), [{ name: t("rst_sheet_line"), of: (each) => String(each.line || "—") }, { name: t("rst_sheet_what"), of: (each) => each.words }], read.lines.filter(({ outcome }) => outcome !== "same")),
        read.is_readable && el("div", { class: "actions" }, button(t("rst_look"), () => { close(); showOutcome(read.change, onDone); }, { kind: "primary" })));
    });
  }, [button(t("cancel"), close)]), problem, found], { wide: true });
}

function form(fields, more, words, send, buttons) {
  const submit = (event) => { event.preventDefault(); send(event.submitter); };
  return el("form", { class: "form", novalidate: true, on: { submit } }, fields.filter(Boolean).map(({ block }) => block), more,
    el("div", { class: "actions" }, el("button", { type: "submit", class: "button primary" }, words), buttons));
}

function vanChoice(vans) {
  return choice(t("rst_van"), [["", t("choose")], ...vans.map(({ number, model }) => [number, `${number} ${model}`])]);
}

function driverChoice(label, drivers, chosen = "", none = t("choose")) {
  return choice(label, [["", none], ...drivers.map(({ number, name }) => [number, `${number} ${name}`])], { value: chosen ?? "" });
}

function stretch(day) {
  return [field(t("rst_time_from"), { type: "datetime-local", value: `${day}T06:00` }), field(t("rst_time_until"), { type: "datetime-local", value: `${day}T23:00` })];
}

function moments(from, until) {
  return { starts_at: `${from.input.value}:00${ZONE}`, ends_at: `${until.input.value}:00${ZONE}` };
}

/** The rests that were typed; null where something is wrong. */
function restsOf(typed) {
  const found = typed.split(/[;；]/).map((each) => each.trim()).filter(Boolean).map((each) => REST.exec(each));
  return found.every(Boolean) ? found.map(([, begins, latest, minutes]) => ({ begins, latest, minutes: Number(minutes) })) : null;
}
