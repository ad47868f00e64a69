// What a duty officer can do about an alert, in the order of need: correct it, confirm it, see it go out, say that the danger is over.
import { call } from "./api.js";
import { areaWords } from "./alert_shown.js";
import { partsOf, saidCounts, splitBar } from "./counts.js";
import { el, fill } from "./dom.js";
import { TEXTS } from "../texts.js";
import { t } from "./language.js";
import { showChange, watched } from "./live.js";
import { officer } from "./officer.js";
import { busy, button, card, cardForm, confirmed, field, notice } from "./parts.js";

const PROGRESS = [["handed_over", "handed"], ["waiting", "waiting"], ["gone", "rest"], ["given_up", "failed"], ["withdrawn", "expired"]];
const OUT = ["sending", "sent"];

/** Confirm it, or keep it back. Nothing for an alert that does not wait. */
export function confirmation(alert, again) {
  if (alert.status !== "awaiting_approval") return null;
  const address = `/v1/duty/alerts/${alert.id}`;
  const isFirst = alert.approvals_needed === 2;
  const problem = el("div");
  const refuse = button(t("refuse_do"), async () => {
    if (!await confirmed(t("refuse_sure"), t("refuse_detail"), t("refuse_do"), { kind: "danger" })) return;
    await busy(refuse, problem, async () => { await call("POST", `${address}/refusal`); await again(t("refused_done")); });
  });
  if (alert.received_by?.staff_number === officer().staff_number) {
    return card(t("needs_other_officer"), el("p", {}, t("needs_other_officer_detail")), problem, el("div", { class: "actions" }, refuse));
  }
  const words = isFirst ? t("confirm_do_2") : t(alert.is_drill ? "confirm_do_drill" : "confirm_do_1");
  const confirm = button(words, async () => {
    if (!isFirst && !await confirmed(t("confirm_sure", { area: areaWords(alert) }), t(alert.is_drill ? "drill_band" : "real_band"), words, { kind: "danger" })) return;
    await busy(confirm, problem, async () => { await call("POST", `${address}/approval`); await again(t(isFirst ? "confirmed_first" : "confirmed_second")); });
  }, { kind: alert.is_drill || isFirst ? "primary" : "alarm" });
  return card(t(isFirst ? "confirm_title_2" : "confirm_title_1"), el("p", {}, t(isFirst ? "confirm_hint_2" : "confirm_hint_1")), problem,
    el("div", { class: "actions" }, confirm, refuse));
}

/** One press, with words that are already there: whoever was told hears at once that it was wrong. */
export function correction(alert, again) {
  if (!OUT.includes(alert.status) || alert.audience !== "area") return null;
  const { zh, en } = TEXTS.alarm_default;
  const inZh = field(t("alarm_zh"), { name: "textarea", rows: 2, lang: "zh-TW", maxlength: 400 });
  const inEn = field(t("alarm_en"), { name: "textarea", rows: 2, lang: "en", maxlength: 800 });
  inZh.input.value = zh;
  inEn.input.value = en;
  const block = cardForm(t("alarm_title"), t("alarm_hint"), [inZh.block, inEn.block], t("alarm_do"), async (pressed, problem) => {
    const text = { zh: inZh.input.value.trim() || zh, en: inEn.input.value.trim() || en };
    await busy(pressed, problem, async () => {
      await call("POST", `/v1/duty/alerts/${alert.id}/correction`, { body: { text } });
      await again(t("corrected_done"));
    });
  }, { kind: "alarm" });
  block.classList.add("correction");
  return block;
}

/** The danger is over, with a sentence in both languages or without. */
export function allClear(alert, again) {
  if (!OUT.includes(alert.status) || alert.audience !== "area") return null;
  const inZh = field(t("over_zh"), { name: "textarea", rows: 2, lang: "zh-TW", maxlength: 400 });
  const inEn = field(t("over_en"), { name: "textarea", rows: 2, lang: "en", maxlength: 800 });
  return cardForm(t("over_title"), t("over_hint"), [inZh.block, inEn.block], t("over_do"), async (pressed, problem) => {
    const text = { zh: inZh.input.value.trim(), en: inEn.input.value.trim() };
    const isHalf = Boolean(text.zh) !== Boolean(text.en);
    (text.zh ? inEn : inZh).setError(isHalf ? t("over_both") : "");
    if (isHalf) return;
    await busy(pressed, problem, async () => {
      await call("POST", `/v1/duty/alerts/${alert.id}/cancellation`, { body: { text: text.zh ? text : null } });
      await again(t("over_done"));
    });
  }, { kind: "" });
}

/** How many have it by now; `again()` when it is out. */
export function progressCard(alert, { signal, again }) {
  if (alert.people.value === null && !OUT.includes(alert.status)) return null;
  const place = el("div", { class: "live" });
  const note = el("div", { class: "hint" }, t("live_each"));
  watched(`/v1/duty/alerts/${alert.id}/progress`, {
    signal,
    draw: (progress) => { fill(place, progressShown(progress)); fill(note, t("live_each")); },
    isOver: (progress) => progress.status !== alert.status || (alert.status !== "sending" && progress.is_handed_over),
    onOver: (progress) => { fill(note); if (progress.status !== alert.status) showChange(note, () => again(t("state_changed"))); },
    onLost: () => fill(note, t("live_lost")),
  });
  return card(t("progress_title"), place, note);
}

function progressShown(progress) {
  const parts = partsOf(progress, PROGRESS.map(([what, kind]) => [what, kind, t(`progress_${what}`)]));
  return [
    el("p", { class: "live-figure" }, t("progress_people", { people: progress.people.text, devices: progress.devices.text })),
    el("p", { class: "hint" }, t(progress.is_resolved ? "progress_found" : "progress_finding")),
    splitBar(t("live_says", { parts: saidCounts(parts) }), parts),
  ];
}

/** Shown when there is nothing to send: only written down. */
export function recordedNotice(alert) {
  return alert.status === "recorded" ? notice("info", t("alert_recorded"), el("p", {}, alert.recorded_because_text || "")) : null;
}
