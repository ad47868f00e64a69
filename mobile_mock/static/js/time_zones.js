// Time zones to choose from: where people of Kaohsiung live and travel, where this phone is, and the one chosen before.
import { language } from "./language.js";

const USUAL = [
  "Asia/Taipei", "Asia/Tokyo", "Asia/Seoul", "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Manila", "Asia/Singapore", "Asia/Bangkok", "Asia/Ho_Chi_Minh",
  "Asia/Jakarta", "Asia/Kolkata", "Australia/Sydney", "Europe/London", "Europe/Paris", "America/New_York", "America/Los_Angeles",
];

export function zonesFor(chosen) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return [...new Set([...USUAL, here, chosen])].filter(Boolean);
}

/** "台北時間 (Asia/Taipei)" */
export function zoneName(zone) {
  try {
    const parts = new Intl.DateTimeFormat(language(), { timeZone: zone, timeZoneName: "longGeneric" }).formatToParts();
    return `${parts.find((part) => part.type === "timeZoneName").value} (${zone.replaceAll("_", " ")})`;
  } catch {
    return zone;
  }
}
