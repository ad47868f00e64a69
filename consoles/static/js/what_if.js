// What would become of the others if a trip went with another van: shown before anything is done, and done from here.
import { Refusal, call, keyForEach } from "./api.js";
import { clockText } from "./dispatch_day.js";
import { announce, el, fill, focusOn } from "./dom.js";
import { t } from "./language.js";
import { allFilled, busy, button, field, freshId, notice, problemPanel, table } from "./parts.js";

// What an assignment is refused with although nobody else has changed anything.
const OWN_REASONS = ["does-not-fit-the-van"];
const QUICKER = [409, 412];

/**
 * Ask what moving `trip` ({trip, name}) to the van of that number would do, show it, and move it if that is wanted. `nameOf(trip)` says how another
 * trip is called; `onMoved(words)` after it; `onStale()` when somebody was quicker.
 */
export function showWhatIf(trip, van, { nameOf, onMoved, onStale }) {
  const id = freshId("what-if");
  const content = el("div", { "aria-busy": "true" }, el("p", {}, t("loading")));
  const dialog = el("dialog", { class: "dialog wide", "aria-labelledby": id, on: { close: () => dialog.remove() } },
    el("h2", { id }, t("dsp_move_title", { trip: trip.name, van })), content);
  const close = () => dialog.close();
  document.body.append(dialog);
  dialog.showModal();
  ask(trip, van).then((found) => {
    if (!dialog.isConnected) return;
    content.removeAttribute("aria-busy");
    fill(content, outcome(found, nameOf), decision(trip, van, found, { close, onMoved, onStale }));
    announce(headline(found));
    // Not on a button: whoever pressed Enter twice has read nothing yet.
    focusOn(dialog.querySelector("h2"));
  }, (failure) => fill(content, problemPanel(failure), el("div", { class: "actions" }, button(t("cancel"), close))));
}

function ask(trip, van) {
  return call("POST", "/v1/dispatch/what-if", { body: { trip: trip.trip, vehicle: van } });
}

function headline(found) {
  if (!found.is_possible) return t("dsp_cannot");
  if (!found.is_feasible) return t("dsp_would_break", { n: found.broken.length });
  return t("dsp_adds", { n: found.added_minutes });
}

function outcome(found, nameOf) {
  const later = found.later.filter((each) => each.minutes > 0 && each.trip !== found.trip);
  const own = found.later.filter((each) => each.trip === found.trip).map((each) => `${t(each.kind === "pickup" ? "dsp_pick_up" : "dsp_drop_off")} ${clockText(each.is_at)}`);
  return [
    notice(found.is_feasible ? "good" : "bad", headline(found), !found.is_feasible && found.is_possible && el("p", {}, t("dsp_adds", { n: found.added_minutes }))),
    own.length > 0 && el("p", {}, t("dsp_would_be"), own.join(t("dsp_comma"))),
    found.broken.length > 0 && [el("h3", {}, t("dsp_broken_title")), el("ul", { class: "problem-list" }, found.broken.map((each) => el("li", {}, each.trip && `${nameOf(each.trip)}：`, each.words)))],
    later.length > 0
      ? [el("h3", {}, t("dsp_later_title")), table(t("dsp_later_title"), [
        { name: t("dsp_who"), of: (each) => `${nameOf(each.trip)} ${t(each.kind === "pickup" ? "dsp_pick_up" : "dsp_drop_off")}` },
        { name: t("dsp_was"), of: (each) => clockText(each.was_at), isNumber: true },
        { name: t("dsp_is"), of: (each) => clockText(each.is_at), isNumber: true },
        { name: t("dsp_later"), of: (each) => t("minutes_n", { n: each.minutes }), isNumber: true },
      ], later)]
      : found.is_possible && el("p", {}, t("dsp_nobody_later")),
  ];
}

function decision(trip, van, found, { close, onMoved, onStale }) {
  const giveUp = button(t("cancel"), close);
  if (!found.is_possible) return el("div", { class: "actions" }, giveUp);
  const isOverride = !found.is_feasible;
  const reason = field(t(isOverride ? "dsp_override_why" : "dsp_why_optional"), { maxlength: 200, hint: isOverride && t("dsp_override_hint") });
  const problem = el("div");
  const key = keyForEach();
  const move = button(t(isOverride ? "dsp_override" : "dsp_move"), () => {
    if (isOverride && !allFilled(reason)) return;
    busy(move, problem, async () => {
      const body = { trip: trip.trip, vehicle: van, ...(reason.input.value.trim() && { reason: reason.input.value.trim() }), ...(isOverride && { override: true }) };
      try {
        await call("POST", "/v1/dispatch/assignments", { body, key: key(body), version: found.version });
      } catch (failure) {
        if (!(failure instanceof Refusal) || !QUICKER.includes(failure.status) || OWN_REASONS.includes(failure.slug)) throw failure;
        fill(problem, notice("warn", t("dsp_quicker"), el("p", {}, failure.detail || failure.title), button(t("dsp_reload"), () => { close(); onStale(); }, { kind: "primary" })));
        announce(t("dsp_quicker"), { urgent: true });
        move.hidden = true;
        return;
      }
      close();
      onMoved(t("dsp_moved", { trip: trip.name, van }));
    });
  }, { kind: isOverride ? "danger" : "primary" });
  return [reason.block, problem, el("div", { class: "actions" }, move, giveUp)];
}
