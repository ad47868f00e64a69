// When it goes out, how it ranks, and until when it is worth sending; and the same in words.
import { el, fill } from "./dom.js";
import { momentText, t } from "./language.js";
import { officer } from "./officer.js";
import { card, checkBox, choice, field } from "./parts.js";

export const PRIORITIES = ["low", "normal", "important", "urgent"];
const KINDS = ["now", "at", "recurring"];
// Bureaus whose bills they are may tell of a bill before it is due.
const EVENT_BUREAUS = ["parking", "fines"];
const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7];
// What can set a message off, with the fields of its words that it fills in.
const EVENTS = { bill_due: ["count", "total", "due", "days"] };

/**
 * The fields, filled in from a campaign. Answers {block, fields, kind, missing(), read(), isByEvent(),
 * filledIn(), setHighest(priority)}: the fields of the words that its event fills in, and the highest priority that the topic allows.
 */
export function scheduleForm(campaign, onChange) {
  const { schedule } = campaign;
  const kinds = EVENT_BUREAUS.includes(officer().bureau) ? [...KINDS, "event"] : KINDS;
  const priority = choice(t("priority_label"), [], { hint: t("priority_hint") });
  const deadline = field(t("deadline_label"), { type: "datetime-local", value: localTime(campaign.deadline), hint: t("deadline_hint") });
  const kind = choice(t("schedule_label"), kinds.map((each) => [each, t(`schedule_${each}`)]), { value: schedule.kind });
  const at = field(t("schedule_at_label"), { type: "datetime-local", value: localTime(schedule.kind === "at" ? schedule.at : null) });
  const every = choice(t("schedule_every_label"), ["day", "week", "month"].map((each) => [each, t(`every_${each}`)]), { value: schedule.every || "week" });
  const weekdays = WEEKDAYS.map((day) => checkBox(t(`weekday_${day}`), (schedule.weekdays || [1]).includes(day), () => drawAll()));
  const weekdaysBlock = el("fieldset", { class: "group" }, el("legend", {}, t("weekdays_label")), el("div", { class: "boxes" }, weekdays.map(({ block }) => block)));
  const day = field(t("schedule_day_label"), { type: "number", min: 1, max: 31, value: schedule.day || 1 });
  const clock = field(t("schedule_clock_label"), { type: "time", value: schedule.kind === "recurring" ? schedule.at : "08:00" });
  const until = field(t("schedule_until_label"), { type: "date", value: schedule.until || "", hint: t("schedule_until_hint") });
  const event = choice(t("schedule_event_label"), Object.keys(EVENTS).map((each) => [each, t(`event_${each}`)]), { value: schedule.event || "bill_due" });
  const before = field(t("schedule_before_label"), { type: "number", min: 0, max: 30, value: schedule.days_before ?? 3 });
  const recurring = el("div", { class: "form" }, el("div", { class: "form-row" }, every.block, clock.block, until.block), weekdaysBlock, day.block);
  const byEvent = el("div", { class: "form" }, el("div", { class: "form-row" }, event.block, before.block), el("p", { class: "hint" }, t("event_fields_bill_due")));
  const words = el("p", { class: "said", role: "status" });

  const drawAll = () => {
    at.block.hidden = kind.input.value !== "at";
    recurring.hidden = kind.input.value !== "recurring";
    byEvent.hidden = kind.input.value !== "event";
    weekdaysBlock.hidden = every.input.value !== "week";
    day.block.hidden = every.input.value !== "month";
    fill(words, scheduleWords(read().schedule));
    onChange();
  };
  const read = () => ({ priority: priority.input.value || campaign.priority, deadline: moment(deadline.input.value), schedule: readSchedule() });
  const readSchedule = () => {
    const value = kind.input.value;
    if (value === "at") return { kind: value, at: moment(at.input.value) };
    if (value === "event") return { kind: value, event: event.input.value, days_before: Number(before.input.value) };
    if (value !== "recurring") return { kind: value };
    return {
      kind: value, every: every.input.value, at: clock.input.value, until: until.input.value || null,
      ...(every.input.value === "week" ? { weekdays: WEEKDAYS.filter((each, place) => weekdays[place].input.checked) } : {}),
      ...(every.input.value === "month" ? { day: Number(day.input.value) } : {}),
    };
  };
  for (const each of [priority, deadline, kind, at, every, day, clock, until, event, before]) each.input.addEventListener("input", () => drawAll());

  const setHighest = (highest) => {
    const allowed = PRIORITIES.slice(0, PRIORITIES.indexOf(highest) + 1);
    const chosen = priority.input.value || campaign.priority;
    fill(priority.input, allowed.map((each) => el("option", { value: each }, t(`priority_${each}`))));
    priority.input.value = allowed.includes(chosen) ? chosen : allowed[allowed.length - 1];
  };
  setHighest("urgent");
  drawAll();
  return {
    block: card(t("when_title"), el("div", { class: "form" }, kind.block, at.block, recurring, byEvent, words, priority.block, deadline.block)),
    fields: { "/deadline": deadline, "/schedule/at": at, "/schedule/until": until, "/schedule/days_before": before, "/schedule/day": day, "/schedule": kind, "/priority": priority },
    kind: kind.input,
    missing: () => [kind.input.value === "at" && !at.input.value && t("schedule_at_label"), kind.input.value === "recurring" && !until.input.value && t("schedule_until_label")],
    isByEvent: () => kind.input.value === "event",
    filledIn: () => (kind.input.value === "event" ? EVENTS[event.input.value] : []),
    read,
    setHighest,
  };
}

/** A schedule in words, as people plan: "每週一、週三 08:00，到 115年12月31日為止". */
export function scheduleWords(schedule) {
  if (schedule.kind === "at") return schedule.at ? t("when_at", { at: momentText(schedule.at) }) : t("when_at_missing");
  if (schedule.kind === "event") return t("when_event", { event: t(`event_${schedule.event}`), n: schedule.days_before });
  if (schedule.kind !== "recurring") return t("when_now");
  const days = schedule.every === "week" ? (schedule.weekdays || []).map((day) => t(`weekday_${day}`)).join(t("and")) : "";
  const said = t(`when_${schedule.every}`, { days: days || "…", day: schedule.day, at: schedule.at });
  return schedule.until ? t("when_until", { said, until: momentText(`${schedule.until}T00:00:00+08:00`).replace(/,? 00:00$/, "") }) : said;
}

/** What the API calls a moment, for a field of Taipei's clock; and back. */
function localTime(value) {
  return value ? new Date(new Date(value).getTime() + 8 * 3600e3).toISOString().slice(0, 16) : "";
}

function moment(value) {
  return value ? `${value}:00+08:00` : null;
}
