// Days and times of rides, as people say them: "tomorrow, 8:30 in the morning". Always Taipei's clock.
import { el } from "./dom.js";
import { clockText, dateText, dayOf, daysUntil } from "./format.js";
import { language, t } from "./language.js";

const DAY_MS = 24 * 3600 * 1000;
const NOON = 12;
// Each until this hour.
const PARTS = [["night", 5], ["dawn", 6], ["morning", 12], ["noon", 13], ["afternoon", 18], ["evening", 23], ["night", 24]];

/** "2026-11-21": today in Taipei, or so many days later. */
export function taipeiDay(daysLater = 0) {
  return dayOf(new Date(Date.now() + daysLater * DAY_MS).toISOString());
}

/** The weekday of a date, 1 (Monday) to 7. */
export function weekdayOf(isoDate) {
  return new Date(`${isoDate}T12:00:00Z`).getUTCDay() || 7;
}

/** "今天", "明天", "後天", otherwise "11月24日（二）"; with the year only where it is not this one. */
export function rideDay(isoDate) {
  const days = daysUntil(isoDate);
  if (days >= -1 && days <= 2) return t(`ride_day_${days}`.replace("-", "minus_"));
  const [year, month, day] = isoDate.split("-").map(Number);
  const weekday = t(`ride_weekday_${weekdayOf(isoDate)}`);
  if (String(year) !== taipeiDay().slice(0, 4)) return t("ride_day_weekday", { day: dateText(isoDate), weekday });
  const name = language() === "en" ? `${day} ${new Intl.DateTimeFormat("en", { month: "long", timeZone: "UTC" }).format(Date.UTC(year, month - 1, day))}` : `${month}月${day}日`;
  return t("ride_day_weekday", { day: name, weekday });
}

/** "08:30" as "上午 8:30"; "12:10" as "中午 12:10". */
export function rideClock(clock) {
  return t(`ride_clock_${partOfDay(clock)}`, { clock: clockFace(clock), half: Number(clock.slice(0, 2)) < NOON ? "am" : "pm" });
}

function partOfDay(clock) {
  const hour = Number(clock.slice(0, 2));
  return PARTS.find(([, until]) => hour < until)[0];
}

/** "13:05" as "1:05". */
function clockFace(clock) {
  const [hour, minute] = clock.split(":");
  return `${Number(hour) % NOON || NOON}:${minute}`;
}

/** "上午 8:30" of a moment. */
export function timeText(moment) {
  return rideClock(clockText(moment));
}

/** "明天 上午 8:30" of a moment. */
export function whenText(moment) {
  return t("ride_when", { day: rideDay(dayOf(moment)), clock: timeText(moment) });
}

/** The same for the eye, with the exact value for machines. */
export function whenElement(moment) {
  return el("time", { datetime: moment }, whenText(moment));
}

/** "明天 上午 8:10 到 8:30"; a window without width is one time. */
export function windowText(from, to) {
  if (clockText(from) === clockText(to)) return whenText(from);
  const isSamePart = partOfDay(clockText(from)) === partOfDay(clockText(to)) && language() !== "en";
  return t("ride_window", { from: whenText(from), to: isSamePart ? clockFace(clockText(to)) : timeText(to) });
}

/** Whole minutes from now until a moment; negative when it has passed. */
export function minutesUntil(moment) {
  return Math.round((Date.parse(moment) - Date.now()) / 60_000);
}

/** A date and a time of day in Taipei as the API takes it. */
export function momentOf(isoDate, clock) {
  return `${isoDate}T${clock}:00+08:00`;
}
