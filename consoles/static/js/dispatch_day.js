// A day of the city's own vans as the API tells it, turned into what the dispatch desk draws: vans with trips, each from getting in to getting out.
const OVER = ["done", "no_show", "cancelled"];
const MINUTE_MS = 60000;
const SHORT = 12;
// Made once: a full day is 2,400 trips with several moments each.
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Taipei", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const reckoned = new WeakMap();

/** Whether nothing is left to do of a trip. */
export function isOver({ status }) {
  return OVER.includes(status);
}

/** The trips of a van in the order in which they begin: {trip, tour, van, name, starts, ends, status, lateMinutes, pickup, dropoff}. */
export function tripsOf(van) {
  if (!reckoned.has(van)) reckoned.set(van, reckon(van));
  return reckoned.get(van);
}

function reckon(van) {
  const byTrip = new Map();
  for (const stop of van.stops) {
    if (!byTrip.has(stop.trip)) byTrip.set(stop.trip, []);
    byTrip.get(stop.trip).push(stop);
  }
  return [...byTrip].map(([trip, stops]) => {
    const pickup = stops.find(({ kind }) => kind === "pickup");
    const dropoff = stops.find(({ kind }) => kind === "dropoff");
    const first = pickup || dropoff;
    const last = dropoff || pickup;
    return {
      trip, tour: van.tour, van: van.number, pickup, dropoff, name: nameOf(pickup, dropoff),
      starts: timeOf(first), ends: Math.max(timeOf(last), timeOf(first) + 5 * MINUTE_MS),
      status: statusOf(pickup, dropoff), lateMinutes: Math.max(0, ...stops.filter((stop) => !OVER.includes(stop.status)).map(lateMinutes)),
    };
  }).sort((one, other) => one.starts - other.starts);
}

/** Rests of a van: {starts, ends}. */
export function restsOf(van) {
  return van.breaks.map((rest) => {
    const starts = Date.parse(rest.began_at || rest.planned_at);
    return { starts, ends: rest.ended_at ? Date.parse(rest.ended_at) : starts + rest.minutes * MINUTE_MS };
  });
}

/** When something begins by how the day goes, in milliseconds since 1970. */
export function timeOf(stop) {
  return Date.parse(stop.arrived_at || stop.expected_at);
}

/** By how many minutes a stop comes after its promised window; 0 where it keeps it. */
export function lateMinutes(stop) {
  return Math.max(0, Math.ceil((timeOf(stop) - Date.parse(stop.window_ends_at)) / MINUTE_MS));
}

/** How a trip is called at the desk: by who rides where that is shown, else by from where to where. */
function nameOf(pickup, dropoff) {
  const rider = pickup?.rider || dropoff?.rider;
  return rider?.name || wayWords(pickup?.place, dropoff?.place);
}

/** From where to where, as short as it can be said: "新興→三民"; a place that is not known any more is left out. */
export function wayWords(from, to) {
  return [from, to].map((place) => place?.label.replace(/區$/, "").slice(0, SHORT) || "").join("→");
}

function statusOf(pickup, dropoff) {
  if (pickup && ["no_show", "cancelled"].includes(pickup.status)) return pickup.status;
  if (dropoff?.status === "done") return "done";
  if (!pickup || pickup.status === "done") return "aboard";
  return pickup.status === "arrived" ? "at_door" : "planned";
}

/** "09:10", on Taipei's clock; of a moment or of milliseconds. */
export function clockText(moment) {
  return CLOCK.format(new Date(moment));
}
