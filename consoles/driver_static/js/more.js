// Beside the stops: a rest, something that went wrong, how the page looks, and the end of the shift.
import { el } from "./dom.js";
import { restOf } from "./manifest.js";
import { busy, button, field, sheet } from "./parts.js";
import { mayBeKnown } from "./whereabouts.js";
import { TEXT_SIZES, clockText, isInSun, language, setLanguage, setSun, setTextSize, sinceText, t, textSize } from "./words.js";

const INCIDENTS = ["breakdown", "accident", "rider_unwell", "road_closed", "other"];

/** `pressed(deed, null, body)`, `redraw()`, `leave()`; `restingSince` a moment or null; `unsentCount` taps that wait. */
export function moreScreen({ manifest, restingSince, unsentCount, pressed, redraw, leave }) {
  return {
    title: t("more_title"),
    content: [el("h1", {}, t("more_title")), restCard(manifest, restingSince, pressed), incidentCard(manifest.dispatch_phone, pressed), looks(redraw), leaving(unsentCount, leave)],
  };
}

function restCard(manifest, restingSince, pressed) {
  const planned = restOf(manifest);
  const problem = el("div");
  const toggle = button(t(restingSince ? "rest_end" : "rest_begin"), () => busy(toggle, problem, () => pressed(restingSince ? "break_end" : "break_begin", null, {})), { kind: `rest-toggle ${restingSince ? "primary big" : "wide"}` });
  if (!planned && !restingSince) return el("section", { class: "card" }, el("h2", {}, t("rest")), el("p", { class: "hint" }, t("rest_none")));
  return el("section", { class: "card" }, el("h2", {}, t("rest")),
    restingSince ? el("p", { class: "notice" }, t("resting_since", { at: clockText(restingSince), time: sinceText(restingSince) }))
      : planned && el("p", { class: "hint" }, t("rest_planned", { from: clockText(planned.starts_at), to: clockText(planned.starts_by), n: planned.minutes })),
    problem, toggle);
}

function incidentCard(dispatchPhone, pressed) {
  const ask = (kind) => sheet(t(`incident_${kind}`), (close) => {
    const note = field(t("incident_note"), { name: "textarea", rows: 3, maxlength: 500, hint: t("incident_note_hint") });
    const problem = el("div");
    const send = button(t("incident_send"), () => busy(send, problem, async () => {
      await pressed("incident", null, { kind, note: note.input.value.trim() });
      close();
    }), { kind: "danger big" });
    return [el("p", {}, t(kind === "accident" || kind === "rider_unwell" ? "incident_119" : "incident_what")),
      (kind === "accident" || kind === "rider_unwell") && el("a", { class: "button danger wide", href: "tel:119" }, t("call_119")),
      note.block, problem, send, button(t("back"), close, { kind: "wide" })];
  });
  return el("section", { class: "card" }, el("h2", {}, t("incident")), el("p", { class: "hint" }, t("incident_hint")),
    dispatchPhone && el("a", { class: "button wide", href: `tel:${dispatchPhone}` }, t("call_dispatch", { phone: dispatchPhone })),
    el("div", { class: "grid" }, INCIDENTS.map((kind) => button(t(`incident_${kind}`), () => ask(kind)))));
}

function looks(redraw) {
  const size = textSize();
  const other = language() === "en" ? "zh-TW" : "en";
  const change = (act) => () => { act(); redraw(); };
  return el("section", { class: "card" }, el("h2", {}, t("looks")), el("div", { class: "grid" },
    button(t("sun"), change(() => setSun(!isInSun())), { "aria-pressed": String(isInSun()) }),
    button(t("text_size", { size }), change(() => setTextSize(TEXT_SIZES[(TEXT_SIZES.indexOf(size) + 1) % TEXT_SIZES.length]))),
    button(other === "en" ? "English" : "中文", change(() => setLanguage(other)), { lang: other })),
  !mayBeKnown() && el("p", { class: "notice warn" }, t("place_off")));
}

function leaving(unsentCount, leave) {
  const problem = el("div");
  const end = button(t("leave"), () => {
    if (unsentCount === 0) { busy(end, problem, leave); return; }
    sheet(t("leave_unsent_title", { n: unsentCount }), (close) => [el("p", {}, t("leave_unsent")),
      button(t("stay"), close, { kind: "primary big" }), button(t("leave_anyway"), () => { close(); busy(end, problem, leave); }, { kind: "danger wide" })]);
  }, { kind: "wide" });
  return el("section", { class: "card" }, el("h2", {}, t("shift_over")), el("p", { class: "hint" }, t("leave_hint")), problem, end);
}
