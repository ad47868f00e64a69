// What would become of the others if a trip went with another van: shown before anything is done, and done from here.
import { Refusal, call, keyForEach } from "./api.js";
import { clockText } from "./dispatch_day.js";
import { announce, el, fill, focusOn } from "./dom.js";
import { t } from "./language.js";
import { allFilled, busy, button, field, freshId, notice, problemPanel, table } from "./parts.js";

const QUICKER = [409, 412];

/** Ask what moving `trip` ({trip, name}) to `van` would do, show it, and move it if that is wanted. `onMoved(words)` after it; `onStale()` when somebody was quicker. */
export function showWhatIf(trip, van, { onMoved, onStale }) {
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
    fill(content, outcome(found), decision(trip, van, found, { close, onMoved, onStale }));
    announce(headline(found));
    // Not on a button: whoever pressed Enter twice has read nothing yet.
    focusOn(dialog.querySelector("h2"));
  }, (failure) => fill(content, problemPanel(failure), el("div", { class: "actions" }, button(t("cancel"), close))));
}

function ask(trip, van) {
  return call("POST", "/v1/dispatch/what-if", { body: { trip: trip.trip, vehicle: van } });
}

function headline(found) {
  if (found.broken.length > 0 || !found.is_feasible) return t("dsp_would_break", { n: found.broken.length });
  return t("dsp_adds", { n: found.added_minutes });
}

function outcome(found) {
  const isFine = found.is_feasible && found.broken.length === 0;
  return [
    notice(isFine ? "good" : "bad", headline(found), !isFine && el("p", {}, t("dsp_adds", { n: found.added_minutes }))),
    found.broken.length > 0 && [el("h3", {}, t("dsp_broken_title")), el("ul", { class: "problem-list" }, found.broken.map((each) => el("li", {}, each.words)))],
    found.later.length > 0
      ? [el("h3", {}, t("dsp_later_title")), table(t("dsp_later_title"), [
        { name: t("dsp_who"), of: (each) => each.name },
        { name: t("dsp_was"), of: (each) => clockText(each.was_at), isNumber: true },
        { name: t("dsp_is"), of: (each) => clockText(each.is_at), isNumber: true },
        { name: t("dsp_later"), of: (each) => t("minutes_n", { n: each.minutes }), isNumber: true },
      ], found.later)]
      : el("p", {}, t("dsp_nobody_later")),
  ];
}

function decision(trip, van, found, { close, onMoved, onStale }) {
  const isOverride = !found.is_feasible || found.broken.length > 0;
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
        if (!(failure instanceof Refusal) || !QUICKER.includes(failure.status)) throw failure;
        fill(problem, notice("warn", t("dsp_quicker"), el("p", {}, failure.detail || failure.title), button(t("dsp_reload"), () => { close(); onStale(); }, { kind: "primary" })));
        announce(t("dsp_quicker"), { urgent: true });
        move.hidden = true;
        return;
      }
      close();
      onMoved(t("dsp_moved", { trip: trip.name, van }));
    });
  }, { kind: isOverride ? "danger" : "primary" });
  return [reason.block, problem, el("div", { class: "actions" }, !isOverride || found.may_override !== false ? move : null, button(t("cancel"), close))];
}
