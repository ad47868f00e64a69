// What a change of the roster would do: shown before anything is done, and done from here.
import { Refusal, call, keyForEach } from "./api.js";
import { announce, el, fill, focusOn } from "./dom.js";
import { dayText, momentText, t } from "./language.js";
import { busy, button, freshId, notice, problemPanel, table } from "./parts.js";

const CHANGED_MEANWHILE = [409, 412];

/** A dialog with a heading; `content(close)` answers what is in it. */
export function dialogOf(title, content, { wide = false } = {}) {
  const id = freshId("roster");
  const dialog = el("dialog", { class: `dialog ${wide ? "wide" : ""}`, "aria-labelledby": id, on: { close: () => dialog.remove() } }, el("h2", { id, tabindex: "-1" }, title));
  dialog.append(...[content(() => dialog.close())].flat(Infinity).filter(Boolean));
  document.body.append(dialog);
  dialog.showModal();
  focusOn(dialog.querySelector("h2"));
  return dialog;
}

/** Ask what `change` would do, show it, and do it if that is wanted; `onDone(words)` after it. */
export function showOutcome(change, onDone) {
  dialogOf(t("rst_outcome"), (close) => {
    const place = el("div", { "aria-busy": "true" }, el("p", {}, t("loading")));
    const look = () => call("POST", "/v1/dispatch/roster/what-if", { body: change }).then((found) => {
      place.removeAttribute("aria-busy");
      fill(place, described(found), decision(change, found, { close, look, onDone }));
      announce(headline(found));
    }, (failure) => { place.removeAttribute("aria-busy"); fill(place, problemPanel(failure), el("div", { class: "actions" }, button(t("cancel"), close))); });
    look();
    return place;
  }, { wide: true });
}

function headline(found) {
  if (!found.is_possible) return t("rst_impossible");
  return t("rst_possible", { shifts: found.shifts.length, rides: found.rides.length });
}

function described(found) {
  const lost = found.rides.filter((each) => !each.takes);
  return [
    notice(!found.is_possible ? "bad" : lost.length ? "warn" : "good", headline(found)),
    found.faults.length > 0 && list(found.faults),
    found.cautions.length > 0 && [el("h3", {}, t("rst_cautions")), list(found.cautions)],
    found.left_out.length > 0 && [el("h3", {}, t("rst_left_out")), list(found.left_out)],
    found.rides.length > 0 && [el("h3", {}, t("rst_rides")), table(t("rst_rides"), [
      { name: t("rst_ride_at"), of: (each) => momentText(each.pick_up_at) },
      { name: t("rst_ride_from"), of: (each) => [each.vehicle, each.is_aboard && ` ${t("rst_aboard")}`].filter(Boolean).join("") },
      { name: t("rst_ride_then"), of: thenWords },
    ], found.rides)],
    found.shifts.length > 0 && [el("h3", {}, t("rst_shifts")), table(t("rst_shifts"), [
      { name: t("rst_van"), of: ({ before, after }) => `${(after || before).vehicle} ${dayText((after || before).date)}` },
      { name: t("rst_was"), of: ({ before }) => shiftWords(before) },
      { name: t("rst_will_be"), of: ({ after }) => shiftWords(after) },
    ], found.shifts)],
  ];
}

function list(lines) {
  return el("ul", { class: "problem-list" }, lines.map((each) => el("li", {}, [[each.vehicle, each.driver, each.date && dayText(each.date)].filter(Boolean).join(" "), each.words].filter(Boolean).join(" · "))));
}

function thenWords(ride) {
  if (ride.is_held) return t("rst_held");
  if (ride.is_same_van) return t("rst_same_van");
  if (ride.takes) return t("rst_takes", { van: ride.takes });
  return el("span", { class: "mark bad" }, t(ride.is_aboard ? "rst_aboard_waits" : "rst_takes_none"));
}

function shiftWords(shift) {
  return shift ? `${shift.begins}–${shift.ends} ${shift.driver}` : "—";
}

function decision(change, found, { close, look, onDone }) {
  const giveUp = button(t("cancel"), close);
  const isSomething = found.shifts.length > 0 || change.out_of_service?.length > 0 || change.away?.length > 0;
  if (!found.is_possible) return el("div", { class: "actions" }, giveUp);
  if (!isSomething) return [el("p", {}, t("rst_nothing")), el("div", { class: "actions" }, giveUp)];
  const problem = el("div");
  const key = keyForEach();
  const act = button(t("rst_do"), () => busy(act, problem, async () => {
    try {
      await call("POST", "/v1/dispatch/roster/changes", { body: change, key: key(change), version: String(found.version) });
    } catch (failure) {
      if (!(failure instanceof Refusal) || !CHANGED_MEANWHILE.includes(failure.status)) throw failure;
      fill(problem, notice("warn", t("rst_quicker"), button(t("rst_again"), look, { kind: "primary" })));
      announce(t("rst_quicker"), { urgent: true });
      act.hidden = true;
      return;
    }
    close();
    onDone(t("rst_done"));
  }), { kind: found.rides.some((each) => !each.takes) ? "danger" : "primary" });
  return [problem, el("div", { class: "actions" }, act, giveUp)];
}
