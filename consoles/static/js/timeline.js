// The day of all vans, one line each: trips as bars from getting in to getting out. A trip is moved to another van by dragging it there, or by keys.
import { clockText, isOver, restsOf, tripsOf } from "./dispatch_day.js";
import { announce, el, fill } from "./dom.js";
import { t } from "./language.js";
import { button } from "./parts.js";

const MINUTE_MS = 60000;
const HOUR_MS = 3600000;
// How long a minute is drawn, in rem; and the least that a finger hits, in px of a rem of 16.
const ZOOMS = [0.0625, 0.125, 0.25];
const LEAST_REM = 2.75;
const DRAG_PX = 6;
const MANY = 40;
const SIGNS = { done: "✓ ", no_show: "✕ ", cancelled: "✕ ", aboard: "▶ ", at_door: "● ", planned: "" };

/** What a trip is, for whoever hears it: first what stands on its bar (so that it can be called by that), then how it stands, and from where to where. */
export function tripWords(trip) {
  return [
    `${trip.name} ${clockText(trip.starts)}–${clockText(trip.ends)}`, t(`dsp_trip_${trip.status}`), trip.lateMinutes > 0 && t("dsp_late_n", { n: trip.lateMinutes }),
    trip.pickup && trip.dropoff && t("dsp_from_to", { from: placeWords(trip.pickup.place), to: placeWords(trip.dropoff.place) }),
  ].filter(Boolean).join(t("dsp_comma"));
}

/** A place in few words. */
export function placeWords(place) {
  return place.address || place.label;
}

/** {block, show(vans, now), drag(event, trip), isMoving()}. `tools` stand beside the choice of the scale; `onTrip(trip)`, `onVan(van)`, `onMove(trip, van)`: a trip ({trip, van, name}) was let go at another van's line. */
export function timeline(tools, { onTrip, onVan, onMove }) {
  const rows = el("ol", { class: "tl-rows", role: "list", "aria-label": t("dsp_timeline") });
  const head = el("div", { class: "tl-head", "aria-hidden": "true" });
  const scroller = el("div", { class: "tl-scroll" }, el("div", { class: "tl-sheet" }, head, rows));
  const zooms = ZOOMS.map((each, place) => button(t(`dsp_zoom_${place}`), () => zoomTo(place), { kind: "small", "aria-pressed": "false" }));
  const help = el("details", {}, el("summary", {}, t("dsp_keys_title")), el("p", {}, t("dsp_keys")));
  const block = el("section", { class: "tl", "aria-label": t("dsp_timeline") }, el("div", { class: "tl-tools" }, zooms, tools), scroller, help);
  let zoom = 1;
  let shown = { vans: [], now: 0 };
  let lifted = null;
  let target = null;
  let wasShown = false;

  const zoomTo = (next) => {
    zoom = next;
    zooms.forEach((each, place) => each.setAttribute("aria-pressed", String(place === zoom)));
    show(shown.vans, shown.now);
  };

  function show(vans, now) {
    const here = document.activeElement?.dataset?.trip;
    shown = { vans, now };
    const [first, last] = spanOf(vans, now);
    scroller.style.setProperty("--minute", `${ZOOMS[zoom]}rem`);
    scroller.style.setProperty("--whole", String((last - first) / MINUTE_MS));
    fill(head, hours(first, last).map((hour) => placed(el("span", { class: "tl-hour" }, clockText(hour)), (hour - first) / MINUTE_MS)));
    // Where there are many, those out of sight are not drawn.
    rows.classList.toggle("many", vans.length > MANY);
    fill(rows, vans.map((van) => row(van, first, now)));
    const bars = [...rows.querySelectorAll(".tl-trip")];
    const again = bars.find((bar) => bar.dataset.trip === here);
    (again || bars.find((bar) => !bar.classList.contains("over")) || bars[0])?.setAttribute("tabindex", "0");
    again?.focus();
    if (lifted) mark();
    if (!wasShown && vans.length) {
      wasShown = true;
      window.requestAnimationFrame(() => { scroller.scrollLeft = (scroller.scrollWidth * (now - HOUR_MS - first)) / (last - first); });
    }
  }

  function row(van, first, now) {
    const trips = tripsOf(van);
    const tracks = [];
    const least = (LEAST_REM / ZOOMS[zoom]) * MINUTE_MS;
    const bars = trips.map((trip) => {
      const ends = Math.max(trip.ends, trip.starts + least);
      let track = tracks.findIndex((until) => until <= trip.starts);
      if (track < 0) track = tracks.push(0) - 1;
      tracks[track] = ends;
      const words = tripWords(trip);
      const bar = el("button", {
        type: "button", tabindex: "-1", "data-trip": trip.trip, class: `tl-trip ${trip.status} ${isOver(trip) ? "over" : ""} ${trip.lateMinutes > 0 ? "late" : ""}`,
        "aria-label": words, title: words, on: { click: () => onTrip(trip), pointerdown: (event) => drag(event, trip) },
      }, `${trip.lateMinutes > 0 ? "⚠ " : SIGNS[trip.status]}${trip.name} ${clockText(trip.starts)}`);
      bar.trip = trip;
      bar.style.setProperty("--track", String(track));
      return el("li", {}, placed(bar, (trip.starts - first) / MINUTE_MS, (trip.ends - trip.starts) / MINUTE_MS));
    });
    const lane = el("ol", { class: "tl-lane", role: "list", "aria-label": van.number }, bars);
    lane.style.setProperty("--tracks", String(Math.max(1, tracks.length)));
    const shift = placed(el("span", { class: "tl-shift", "aria-hidden": "true" }), (Date.parse(van.shift.starts_at) - first) / MINUTE_MS, (Date.parse(van.shift.ends_at) - Date.parse(van.shift.starts_at)) / MINUTE_MS);
    const rests = restsOf(van).map((rest) => placed(el("span", { class: "tl-rest", "aria-hidden": "true" }, t("dsp_rest")), (rest.starts - first) / MINUTE_MS, (rest.ends - rest.starts) / MINUTE_MS));
    const present = placed(el("span", { class: "tl-now", "aria-hidden": "true" }), (now - first) / MINUTE_MS);
    const late = Math.max(0, ...trips.map(({ lateMinutes }) => lateMinutes));
    return el("li", { class: `tl-row ${van.status}`, "data-van": van.number, "data-tour": van.tour },
      el("button", { type: "button", class: "tl-van", on: { click: () => onVan(van) } }, el("strong", {}, van.number), el("span", {}, van.driver.name),
        van.status === "broken_down" && el("span", { class: "mark bad" }, t("dsp_broken")), late > 0 && el("span", { class: "mark warn" }, t("dsp_late_n", { n: late }))),
      el("div", { class: "tl-cell" }, shift, rests, lane, present));
  }

  // Moving: a trip is lifted, a line chosen, and let go there. The same by keys and by hand.
  function mark() {
    for (const each of rows.children) each.classList.toggle("target", each.dataset.tour === target);
    for (const each of rows.querySelectorAll(".tl-trip")) each.classList.toggle("lifted", each.dataset.trip === lifted?.trip);
    block.classList.toggle("moving", lifted !== null);
  }

  function lift(trip) {
    lifted = trip;
    target = trip.tour || null;
    mark();
    announce(t("dsp_lifted", { trip: trip.name }), { urgent: true });
  }

  function aim(tour) {
    target = tour;
    mark();
    [...rows.children].find((each) => each.dataset.tour === tour)?.scrollIntoView({ block: "nearest" });
    const van = shown.vans.find((each) => each.tour === tour);
    announce(t(lifted.van === van.number ? "dsp_at_own" : "dsp_at", { van: van.number, driver: van.driver.name }), { urgent: true });
  }

  function letGo(isMeant) {
    const trip = lifted;
    const van = shown.vans.find(({ tour }) => tour === target)?.number;
    lifted = null;
    target = null;
    mark();
    if (isMeant && van && van !== trip.van) onMove(trip, van);
    else announce(t("dsp_put_back"), { urgent: true });
  }

  rows.addEventListener("keydown", (event) => {
    const bar = event.target.closest?.(".tl-trip");
    if (!bar) return;
    const tours = shown.vans.map(({ tour }) => tour);
    if (lifted) {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (step) aim(tours[Math.min(tours.length - 1, Math.max(0, tours.indexOf(target) + step))]);
      else if (event.key === "Enter" || event.key === " ") letGo(true);
      else if (event.key === "Escape") letGo(false);
      else if (event.key === "Tab") { letGo(false); return; }
      event.preventDefault();
      return;
    }
    if (event.key === " ") {
      event.preventDefault();
      if (isOver(bar.trip) || bar.trip.status === "aboard") announce(t("dsp_stays"), { urgent: true });
      else lift(bar.trip);
      return;
    }
    const next = neighbour(rows, bar, event.key);
    if (!next) return;
    event.preventDefault();
    bar.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
  });

  /** From the press of a mouse or pen on a bar until it is let go; fingers scroll and use the trip's own screen. */
  function drag(event, trip) {
    if (event.button !== 0 || event.pointerType === "touch" || isOver(trip) || trip.status === "aboard") return;
    const from = { x: event.clientX, y: event.clientY };
    const leaving = new AbortController();
    const ghost = el("div", { class: "tl-ghost", "aria-hidden": "true" }, `${clockText(trip.starts)} ${trip.name}`);
    const over = (moved) => document.elementFromPoint(moved.clientX, moved.clientY)?.closest(".tl-row")?.dataset.tour || null;
    const on = (name, act) => document.addEventListener(name, act, { signal: leaving.signal });
    const end = () => { leaving.abort(); ghost.remove(); };
    on("pointermove", (moved) => {
      if (!ghost.isConnected && Math.hypot(moved.clientX - from.x, moved.clientY - from.y) < DRAG_PX) return;
      if (!ghost.isConnected) { document.body.append(ghost); lifted = trip; }
      moved.preventDefault();
      ghost.style.transform = `translate(${moved.clientX + 8}px, ${moved.clientY + 8}px)`;
      target = over(moved);
      mark();
    });
    on("pointerup", () => {
      const wasDragged = ghost.isConnected;
      end();
      if (!wasDragged) return;
      // The press may end above a bar: its click is not meant.
      const quiet = new AbortController();
      document.addEventListener("click", (click) => { click.preventDefault(); click.stopPropagation(); }, { capture: true, signal: quiet.signal });
      window.setTimeout(() => { quiet.abort(); letGo(true); }, 50);
    });
    on("pointercancel", () => { end(); letGo(false); });
    on("keydown", (key) => { if (key.key === "Escape") { end(); letGo(false); } });
  }

  zooms[zoom].setAttribute("aria-pressed", "true");
  return { block, show, drag, isMoving: () => lifted !== null };
}

/** From which full hour until which the lines go. */
function spanOf(vans, now) {
  const moments = vans.flatMap((van) => [Date.parse(van.shift.starts_at), Date.parse(van.shift.ends_at), ...tripsOf(van).flatMap(({ starts, ends }) => [starts, ends])]);
  const first = moments.length ? Math.min(...moments) : now;
  const last = moments.length ? Math.max(...moments) : now + HOUR_MS;
  return [Math.floor(first / HOUR_MS) * HOUR_MS, Math.ceil((last + 1) / HOUR_MS) * HOUR_MS];
}

function hours(first, last) {
  return Array.from({ length: Math.round((last - first) / HOUR_MS) }, (_, place) => first + place * HOUR_MS);
}

/** Where something stands on a line, in minutes. */
function placed(element, from, long) {
  element.style.setProperty("--from", String(from));
  if (long !== undefined) element.style.setProperty("--long", String(long));
  return element;
}

/** The trip to which an arrow leads: beside it on the line, or nearest in time on the next line that has one. */
function neighbour(rows, bar, key) {
  const lanes = [...rows.querySelectorAll(".tl-lane")].map((lane) => [...lane.querySelectorAll(".tl-trip")]);
  const line = lanes.findIndex((bars) => bars.includes(bar));
  const place = lanes[line].indexOf(bar);
  if (key === "ArrowLeft") return lanes[line][place - 1];
  if (key === "ArrowRight") return lanes[line][place + 1];
  if (key === "Home") return lanes[line][0];
  if (key === "End") return lanes[line].at(-1);
  const candidates = key === "ArrowDown" ? lanes.slice(line + 1) : key === "ArrowUp" ? lanes.slice(0, line).reverse() : [];
  const bars = candidates.find(({ length }) => length > 0);
  return bars?.reduce((best, each) => (Math.abs(each.trip.starts - bar.trip.starts) < Math.abs(best.trip.starts - bar.trip.starts) ? each : best));
}
