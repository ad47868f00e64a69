// Which language the cashier reads, how large, and how amounts and moments are written.
import { TEXTS } from "../texts.js";

const LANGUAGE = "till.language";
const TEXT_SIZE = "till.text-size";
export const TEXT_SIZES = ["100", "125", "150", "200"];
let aheadMs = 0;

/** "zh-TW" (the default) or "en". */
export function language() {
  return window.localStorage.getItem(LANGUAGE) === "en" ? "en" : "zh-TW";
}

export function setLanguage(chosen) {
  window.localStorage.setItem(LANGUAGE, chosen);
  document.documentElement.lang = chosen;
}

/** Text size in per cent of the browser's own, as text. */
export function textSize() {
  const kept = window.localStorage.getItem(TEXT_SIZE);
  return TEXT_SIZES.includes(kept) ? kept : "100";
}

export function setTextSize(chosen) {
  window.localStorage.setItem(TEXT_SIZE, chosen);
  document.documentElement.dataset.textSize = chosen;
}

/** The text `key`; `{name}` is filled in. */
export function t(key, values = {}) {
  const pair = TEXTS[key];
  if (!pair) throw new Error(`no text for ${key}`);
  return (language() === "en" ? pair.en : pair.zh).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Whether there is a text `key`. */
export function has(key) {
  return key in TEXTS;
}

/** The server's clock says `moment` now: what counts down follows it and not this device's. */
export function setClock(moment) {
  aheadMs = Date.parse(moment) - Date.now();
}

/** Milliseconds since 1970 by the server's clock. */
export function now() {
  return Date.now() + aheadMs;
}

/** The present day in Taipei: "2026-11-05". */
export function today() {
  return new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Taipei", year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(now()));
}

/** "14:05", on Taipei's clock. */
export function clockText(moment) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Taipei", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(moment));
}

/** "14:05", or with the day where it is not today's: "明天 14:05". */
export function untilText(moment) {
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Taipei", year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(moment));
  return day === today() ? clockText(moment) : t("tomorrow_at", { time: clockText(moment) });
}

/** A day of the API for people: "115年11月5日", or "5 Nov 2026". */
export function dayText(day) {
  const [year, month, date] = day.split("-").map(Number);
  if (language() !== "en") return `${year - 1911}年${month}月${date}日`;
  return new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" }).format(new Date(`${day}T00:00:00Z`));
}

/** "1,234" */
export function number(amount) {
  return new Intl.NumberFormat("en-US").format(amount);
}

/** "NT$1,234" */
export function money(amount) {
  return `${amount < 0 ? "\u2212" : ""}NT$${number(Math.abs(amount))}`;
}

/** "150 點", "150 points" */
export function points(amount) {
  return t(amount === 1 ? "point" : "points", { n: number(amount) });
}
