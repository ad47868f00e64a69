// Which language the officer reads, how large, and the look-up of every text in it.
import { TEXTS } from "../texts.js";

const LANGUAGE = "desk.language";
const TEXT_SIZE = "desk.text-size";
export const TEXT_SIZES = ["100", "125", "150", "200"];

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

/** The text `key` in the officer's language; `{name}` is filled in. */
export function t(key, values = {}) {
  const pair = TEXTS[key];
  if (!pair) throw new Error(`no text for ${key}`);
  const text = language() === "en" ? pair.en : pair.zh;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Whether there is a text `key`. */
export function has(key) {
  return key in TEXTS;
}

/** A day of the API ("2026-11-05") for people: "115年11月5日", or "5 Nov 2026". */
export function dayText(day) {
  return momentText(`${day}T00:00:00+08:00`).replace(/,? 00:00$/, "");
}

/** How long ago a moment was: "3 天", "2 小時", "5 分". */
export function ageText(moment) {
  const minutes = Math.max(0, Math.floor((Date.now() - new Date(moment).getTime()) / 60000));
  if (minutes < 60) return t("minutes_n", { n: minutes });
  return minutes < 2880 ? t("hours_n", { n: Math.floor(minutes / 60) }) : t("days_n", { n: Math.floor(minutes / 1440) });
}

/** NT$ for people: "NT$1,234", below zero "−NT$10". */
export function money(amount) {
  return `${amount < 0 ? "\u2212" : ""}NT$${new Intl.NumberFormat("en-US").format(Math.abs(amount))}`;
}

/** What people call the rail, sender, channel or bureau `code`; one without a name is shown as it is written. */
export function nameOf(code) {
  return has(`name_${code}`) ? t(`name_${code}`) : code;
}

/** What people call an account of the book: "撥款在途 信用卡（Adyen）". */
export function accountName(code) {
  const [head, tail] = code.split(":");
  if (!has(`account_${head}`)) return code;
  return tail ? `${t(`account_${head}`)} ${nameOf(tail)}` : t(`account_${head}`);
}

/** A moment of the API on Taipei's clock: "115年11月5日 14:05", or "5 Nov 2026, 14:05". */
export function momentText(moment) {
  const parts = Object.fromEntries(new Intl.DateTimeFormat("en-GB", {
    timeZone: "Asia/Taipei", year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  }).formatToParts(new Date(moment)).map((part) => [part.type, part.value]));
  const time = `${parts.hour}:${parts.minute}`;
  if (language() === "en") return `${parts.day} ${parts.month} ${parts.year}, ${time}`;
  const month = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Taipei", month: "numeric" }).format(new Date(moment));
  return `${Number(parts.year) - 1911}年${month}月${parts.day}日 ${time}`;
}
