// Money, dates and plates as people read them, and as a screen reader says them.
import { el } from "./dom.js";
import { language, t } from "./language.js";

const DAY_MS = 24 * 3600 * 1000;
const grouped = new Intl.NumberFormat("en");

/** "NT$1,325" */
export function moneyText(amount) {
  return `NT$${grouped.format(amount)}`;
}

/** "新臺幣 1325 元": what a voice should say. */
export function moneySpoken(amount) {
  return t("money_spoken", { amount: grouped.format(amount) });
}

/** An amount for the eye and, separately, for the ear. */
export function money(amount, className = "") {
  return el("span", { class: `money ${className}` },
    el("span", { "aria-hidden": "true" }, el("span", { class: "currency" }, "NT$"), grouped.format(amount)),
    el("span", { class: "unseen" }, moneySpoken(amount)));
}

export function number(amount) {
  return grouped.format(amount);
}

/** A calendar date ("2026-11-05"): "115年11月5日", or "5 Nov 2026". */
export function dateText(isoDate) {
  const [year, month, day] = isoDate.slice(0, 10).split("-").map(Number);
  if (language() === "zh-TW") return `${year - 1911}年${month}月${day}日`;
  const name = new Intl.DateTimeFormat("en", { month: "short", timeZone: "UTC" }).format(Date.UTC(year, month - 1, day));
  return `${day} ${name} ${year}`;
}

/** A month ("2026-11"): "115年11月", or "Nov 2026". */
export function monthText(isoMonth) {
  return dateText(`${isoMonth}-01`).replace(/1日$|^1 /, "");
}

/** A moment, on Taipei's clock: "115年11月5日 14:05". */
export function momentText(moment) {
  const { date, time } = taipei(new Date(moment));
  return `${dateText(date)} ${time}`;
}

/** The element for a moment: readable text, exact value for machines. */
export function momentElement(moment) {
  return el("time", { datetime: moment }, momentText(moment));
}

/** On which day a moment is, on Taipei's calendar ("2026-11-05"). */
export function dayOf(moment) {
  return taipei(new Date(moment)).date;
}

/** A moment's time of day, on Taipei's clock: "14:05". */
export function clockText(moment) {
  return taipei(new Date(moment)).time;
}

/** A day as people name it: today, yesterday, or its date. */
export function dayText(isoDate) {
  const days = daysUntil(isoDate);
  if (days === 0) return t("today");
  return days === -1 ? t("yesterday") : dateText(isoDate);
}

/** Whole days from today (Taipei) to `isoDate`; negative when it has passed. */
export function daysUntil(isoDate, now = new Date()) {
  return Math.round((Date.parse(isoDate.slice(0, 10)) - Date.parse(taipei(now).date)) / DAY_MS);
}

/** A number plate, drawn like one. */
export function plate(text) {
  return el("span", { class: "plate" }, el("span", { class: "unseen" }, t("plate"), " "), text);
}

/** What a bill is called: kind and place. */
export function billPlace(bill) {
  return [bill.district, bill.road].filter(Boolean).join(" ") || bill.place || "";
}

export function billName(bill) {
  const kind = t(`kind_${bill.kind}`);
  const place = billPlace(bill);
  return place ? t("bill_name", { kind, place }) : kind;
}

/** "per_01j…" or a long number with room to breathe for the eye: groups of four. */
export function grouping(text) {
  return /^[0-9]{12,}$/.test(text) ? text.replace(/(.{4})(?=.)/g, "$1\u2009") : text;
}

function taipei(moment) {
  const parts = Object.fromEntries(new Intl.DateTimeFormat("en-CA", {
    timeZone: "Asia/Taipei", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  }).formatToParts(moment).map((part) => [part.type, part.value]));
  return { date: `${parts.year}-${parts.month}-${parts.day}`, time: `${parts.hour}:${parts.minute}` };
}
