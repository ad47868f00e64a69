// A day of the city's own vans as the API tells it, turned into what the dispatch desk draws: vans with trips, each from getting in to getting out.
import { t } from "./language.js";

const OVER = ["done", "no_show", "cancelled"];
const MINUTE_MS = 60000;

/** Whether nothing is left to do of a trip. */
export function isOver({ status }) {
  return OVER.includes(status);
}

/** The trips of a van in the order in which they begin: {trip, van, name, from, to, starts, ends, status, lateMinutes, stops, …}. */
export function tripsOf(van) {
  const byTrip = new Map();
  for (const stop of van.stops.filter(({ trip }) => trip)) {
    if (!byTrip.has(stop.trip)) byTrip.set(stop.trip, []);
    byTrip.get(stop.trip).push(stop);
  }
  return [...byTrip].map(([trip, stops]) => {
    const pickup = stops.find(({ kind }) => kind === "pickup");
    const dropoff = stops.find(({ kind }) => kind === "dropoff");
    const first = pickup || dropoff;
    const last = dropoff || pickup;
    return {
      trip, van: van.number, stops, pickup, dropoff, name: nameOf(first),
      starts: timeOf(first), ends: Math.max(timeOf(last), timeOf(first) + 5 * MINUTE_MS),
      status: statusOf(pickup, dropoff), lateMinutes: Math.max(0, ...stops.filter((stop) => !OVER.includes(stop.status)).map(lateMinutes)),
    };
  }).sort((one, other) => one.starts - other.starts);
}

/** Rests of a van: {starts, ends}. */
export function restsOf(van) {
  return van.stops.filter(({ kind }) => kind === "break").map((stop) => ({ starts: timeOf(stop), ends: timeOf(stop) + (stop.minutes || 30) * MINUTE_MS }));
}

/** When something begins by how the day goes, in milliseconds since 1970. */
export function timeOf(stop) {
  return Date.parse(stop.arrived_at || stop.expected_at || stop.planned_at);
}

/** By how many minutes a stop comes after its promised window; 0 where it keeps it. */
export function lateMinutes(stop) {
  if (!stop.window_ends_at) return 0;
  return Math.max(0, Math.ceil((timeOf(stop) - Date.parse(stop.window_ends_at)) / MINUTE_MS));
}

/** Who it is at the desk: the name, once the ride is bound and told. */
export function nameOf(stop) {
  return stop?.rider?.name || t("dsp_nobody_yet");
}

function statusOf(pickup, dropoff) {
  if (pickup && ["no_show", "cancelled"].includes(pickup.status)) return pickup.status;
  if (dropoff?.status === "done") return "done";
  if (!pickup || pickup.status === "done") return "aboard";
  return pickup.status === "arrived" ? "at_door" : "planned";
}

/** "09:10", on Taipei's clock; of a moment or of milliseconds. */
export function clockText(moment) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Taipei", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(moment));
}

/** The present day in Taipei: "2026-11-05". */
export function today() {
  return new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Taipei", year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date());
}
