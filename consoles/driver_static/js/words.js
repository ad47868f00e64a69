// Which language the driver reads, how large and how bright, and how moments are written.
import { TEXTS } from "../texts.js";

const LANGUAGE = "driver.language";
const TEXT_SIZE = "driver.text-size";
const SUN = "driver.sun";
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

/** Whether the page is black on white whatever the phone prefers: for a phone in the sun. */
export function isInSun() {
  return window.localStorage.getItem(SUN) === "on";
}

export function setSun(isOn) {
  window.localStorage.setItem(SUN, isOn ? "on" : "off");
  document.documentElement.toggleAttribute("data-sun", isOn);
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

/** The server's clock says `moment` now: what is written down and counted follows it and not this phone's. */
export function setClock(moment) {
  aheadMs = Date.parse(moment) - Date.now();
}

/** Milliseconds since 1970 by the server's clock. */
export function now() {
  return Date.now() + aheadMs;
}

/** "14:05", on Taipei's clock. */
export function clockText(moment) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Taipei", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(moment));
}

/** "8:05": minutes and seconds from `moment` until now; never below zero. */
export function sinceText(moment) {
  const seconds = Math.max(0, Math.floor((now() - Date.parse(moment)) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
