// How points are written at the desks.
import { t } from "./language.js";

/** "1,234" */
export function numberText(amount) {
  return `${amount < 0 ? "\u2212" : ""}${new Intl.NumberFormat("en-US").format(Math.abs(amount))}`;
}

/** "1,234 點", "1,234 points" */
export function pointsText(amount) {
  return t("pts_points", { n: numberText(amount) });
}

/** The present day in Taipei, or so many days before it: "2026-11-05". */
export function dayBefore(days = 0) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Taipei", year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(Date.now() - days * 86_400_000));
}
