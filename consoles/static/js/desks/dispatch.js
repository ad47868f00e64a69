// Dispatch of the city's own vans: the day as lines, what waits for a van, where the vans are; a trip moves only after its consequences were seen.
import { call, keyForEach } from "../api.js";
import { clockText, isOver, lateMinutes, timeOf, tripsOf, wayWords } from "../dispatch_day.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { dayText, t } from "../language.js";
import { incidentList } from "../incident_list.js";
import { watched } from "../live.js";
import { allFilled, busy, button, card, checkBox, choice, facts, field, freshId, heading, notice, problemPanel, table } from "../parts.js";
import { go } from "../router.js";
import { placeWords, timeline } from "../timeline.js";
import { vanMap } from "../van_map.js";
import { showWhatIf } from "../what_if.js";
import { needWords } from "../ride_needs.js";

// A day of many vans is a large answer: it is asked for less often, and at once after each move.
const MANY = 60;
const TYPED_MS = 200;
const AROUND_MS = 3600000;
const REFRESH_SECONDS = { few: 10, many: 30 };

export const desk = { path: "/desk/dispatch", name: "dsp", roles: ["dispatcher"], screens: { "/desk/dispatch": day } };

async function day({ query, signal }) {
  const chosenDate = query.get("date") ? `?date=${query.get("date")}` : "";
  const address = `/v1/dispatch/day${chosenDate}`;
  const waitingAddress = "/v1/dispatch/unassigned";
  let [known, waiting] = await Promise.all([call("GET", address, { signal }), call("GET", waitingAddress, { signal })]);
  const { date } = known;
  let chosen = null;
  let written = stateOf(known);

  const said = el("div", { role: "status" });
  const note = el("p", { class: "hint" });
  const sums = el("p", {});
  const seek = field(t("dsp_find"), { type: "search", hint: t("dsp_find_hint") });
  const troubled = checkBox(t("dsp_only_trouble"), false, () => draw());
  const waitingPlace = el("div");
  const waitingCard = card(t("dsp_waiting"), waitingPlace);
  const [urgent, calm] = [el("div"), el("div")];
  const map = vanMap(t("dsp_map"));
  const line = timeline([sums, note], { onTrip: openTrip, onVan: openVan, onMove: (trip, van) => move(trip, van) });
  let typing = 0;
  seek.input.addEventListener("input", () => {
    window.clearTimeout(typing);
    typing = window.setTimeout(draw, TYPED_MS);
  });

  const vansShown = () => {
    const words = seek.input.value.trim().toLowerCase();
    return known.vehicles.filter((van) => (!words || [van.number, van.plate, van.driver.name, ...tripsOf(van).map(({ name }) => name)].some((each) => each?.toLowerCase().includes(words)))
      && (!troubled.input.checked || van.status === "broken_down" || tripsOf(van).some((trip) => trip.lateMinutes > 0)));
  };
  const draw = () => {
    const vans = vansShown();
    line.show(vans, Date.parse(known.now));
    const trips = known.vehicles.flatMap(tripsOf);
    const late = trips.filter((trip) => trip.lateMinutes > 0 && !isOver(trip)).length;
    fill(sums, t("dsp_sums", { vans: known.vehicles.length, shown: vans.length, trips: trips.length, waiting: waiting.items.length }), late > 0 && el("strong", {}, t("dsp_sum_late", { n: late })));
    // What waits for a van stands above the lines onto which it is dragged; nothing to do, below them.
    const place = waiting.items.length ? urgent : calm;
    if (waitingCard.parentNode !== place) place.append(waitingCard);
    fill(waitingPlace, waiting.items.length ? el("ul", { class: "waiting", role: "list" }, waiting.items.map(waits)) : el("p", { class: "calm" }, t("dsp_none_waiting")));
    drawMap();
  };
  const drawMap = () => map.show({
    vans: known.vehicles.filter(({ position }) => position).map((van) => ({ number: van.number, ...van.position, isChosen: van.number === chosen, isBroken: van.status === "broken_down" })),
    stops: (known.vehicles.find(({ number }) => number === chosen)?.stops || []).filter((stop) => !isOver(stop)).map((stop) => ({ ...stop.place, kind: stop.kind })),
  });
  const reload = async () => {
    [known, waiting] = await Promise.all([call("GET", address, { signal }), call("GET", waitingAddress, { signal })]);
    written = stateOf(known);
    draw();
  };
  const tell = (words) => { fill(said, notice("good", words)); announce(words); };
  const nameOf = (id) => known.vehicles.flatMap(tripsOf).find(({ trip }) => trip === id)?.name || t("dsp_this_trip");
  const move = (trip, van) => showWhatIf(trip, van, {
    nameOf,
    onMoved: async (words) => { await reload(); tell(words); backTo(trip.trip); },
    onStale: async () => { await reload(); backTo(trip.trip); },
  });
  const backTo = (trip) => {
    const bar = document.querySelector(`.tl-trip[data-trip="${CSS.escape(trip)}"]`);
    bar?.scrollIntoView({ block: "center", inline: "center" });
    bar?.focus();
  };

  /** A trip that waits for a van. */
  function waits(item) {
    const trip = { ...item, name: wayWords(item.from_place, item.to_place), starts: Date.parse(item.window_starts_at), status: "planned", lateMinutes: 0, van: null, tour: null };
    return el("li", { class: "row", on: { pointerdown: (event) => { if (!event.target.closest("button")) line.drag(event, trip); } } },
      el("p", { class: "row-title" }, `${clockText(item.window_starts_at)}–${clockText(item.window_ends_at)} ${trip.name}`),
      item.is_rescue && el("p", {}, el("span", { class: "mark bad" }, t("dsp_rescue"))),
      el("p", {}, t("dsp_from_to", { from: placeWords(item.from_place), to: placeWords(item.to_place) })),
      el("p", { class: "hint" }, needWords(item).join(t("and"))), el("p", { class: "hint" }, item.why), el("p", { class: "hint" }, t("dsp_given_up_at", { at: clockText(item.place_wanted_until) })),
      el("div", { class: "actions" }, button(t("dsp_find_van"), () => chooseVan(trip), { kind: "primary small" })));
  }

  /** Which van a trip should go with, for whoever does not drag. */
  function chooseVan(trip) {
    const vans = freestFirst(known.vehicles.filter(({ status, number }) => status === "in_service" && number !== trip.van), trip.starts);
    const which = choice(t("dsp_which_van"), [["", t("choose")], ...vans.map(({ van, trips }) => [van.number, t("dsp_van_busy", { van: van.number, driver: van.driver.name, n: trips })])], { hint: t("dsp_which_hint") });
    panel(t("dsp_move_which", { trip: trip.name }), (close) => [which.block, el("div", { class: "actions" },
      button(t("dsp_see"), () => { if (allFilled(which)) { close(); move(trip, which.input.value); } }, { kind: "primary" }), button(t("cancel"), close))]);
  }

  /** Who rides is asked for, and written into their access log, only when somebody looks. */
  async function openTrip(trip) {
    const found = await call("GET", `/v1/dispatch/trips/${encodeURIComponent(trip.trip)}`, { signal }).catch((failure) => fill(said, problemPanel(failure)) && null);
    if (!found) return;
    const { rider } = found;
    const isFixed = isOver(trip) || trip.status === "aboard";
    panel(rider?.name || trip.name, (close) => [
      facts([
        [t("dsp_van"), trip.van], [t("dsp_state"), t(`dsp_trip_${trip.status}`)],
        [t("dsp_late_row"), trip.lateMinutes > 0 && t("dsp_late_n", { n: trip.lateMinutes })],
        [t("dsp_pick_up"), stopWords(trip.pickup, found.from_place)], [t("dsp_drop_off"), stopWords(trip.dropoff, found.to_place)],
        [t("dsp_longest"), t("minutes_n", { n: found.ride_minutes_at_most })],
        [t("dsp_phone"), rider && phoneLink(rider.phone)], [t("dsp_caregiver"), rider?.caregiver_phone && [rider.caregiver_name, " ", phoneLink(rider.caregiver_phone)]],
        [t("dsp_needs"), needWords(found).join(t("and"))], [t("dsp_notes"), rider?.notes], [t("dsp_order"), found.fleet_order],
      ]),
      isFixed && el("p", { class: "hint" }, t("dsp_stays")),
      el("div", { class: "actions" }, !isFixed && button(t("dsp_other_van"), () => { close(); chooseVan(trip); }, { kind: "primary" }), button(t("dsp_close"), close)),
    ]);
  }

  function openVan(van) {
    chosen = van.number;
    drawMap();
    panel(`${van.number} ${van.driver.name}`, (close) => [
      facts([
        [t("dsp_plate"), `${van.plate} ${van.model}`], [t("dsp_driver_phone"), van.driver.phone && phoneLink(van.driver.phone)], [t("dsp_broken"), van.broken_why],
        [t("dsp_shift"), `${clockText(van.shift.starts_at)}–${clockText(van.shift.ends_at)}`],
        [t("dsp_places"), van.layouts.map(({ wheelchairs, seats }) => t("dsp_layout", { chairs: wheelchairs, seats })).join(t("dsp_or"))],
        [t("dsp_depot"), van.depot.label], [t("dsp_seen"), van.position && clockText(van.position.seen_at)],
      ]),
      van.stops.length > 0 && table(t("dsp_stops"), [
        { name: t("dsp_when"), of: (stop) => clockText(timeOf(stop)) },
        { name: t("dsp_what"), of: (stop) => `${t(stop.kind === "pickup" ? "dsp_pick_up" : "dsp_drop_off")} ${stop.rider?.name || ""}` },
        { name: t("dsp_where"), of: (stop) => placeWords(stop.place) },
        { name: t("dsp_state"), of: (stop) => (lateMinutes(stop) > 0 && !isOver(stop) ? t("dsp_late_n", { n: lateMinutes(stop) }) : t(`dsp_stop_${stop.status}`)) },
      ], van.stops),
      vanState(van, close),
    ]);
  }

  /** A van breaks down, with a word why; or goes on. */
  function vanState(van, close) {
    const isBroken = van.status === "broken_down";
    const reason = field(t("dsp_breakdown_why"), { maxlength: 200, hint: t("dsp_breakdown_hint") });
    const problem = el("div");
    const key = keyForEach();
    const path = `/v1/dispatch/vehicles/${encodeURIComponent(van.number)}/breakdown`;
    const act = button(t(isBroken ? "dsp_works_again" : "dsp_breakdown"), () => {
      if (!isBroken && !allFilled(reason)) return;
      busy(act, problem, async () => {
        if (isBroken) await call("DELETE", path);
        else { const body = { reason: reason.input.value.trim() }; await call("POST", path, { body, key: key(body) }); }
        close();
        await reload();
        tell(t(isBroken ? "dsp_works_said" : "dsp_broken_said", { van: van.number }));
      });
    }, { kind: isBroken ? "primary" : "danger" });
    return [!isBroken && reason.block, problem, el("div", { class: "actions" }, act, button(t("dsp_close"), close))];
  }

  draw();
  const seconds = REFRESH_SECONDS[known.vehicles.length > MANY ? "many" : "few"];
  const sayAge = (of) => fill(note, t("dsp_refreshed", { at: clockText(of.now), n: seconds }));
  sayAge(known);
  const watch = () => watched(address, { signal, everyMs: seconds * 1000, onLost: () => fill(note, t("live_lost")), draw: (next) => {
    sayAge(next);
    const state = stateOf(next);
    if (line.isMoving() || document.querySelector("dialog[open]")) return;
    known = next;
    if (state === written) { drawMap(); return; }
    written = state;
    call("GET", waitingAddress, { signal }).then((found) => { waiting = found; draw(); }, () => {});
  } });
  const first = window.setTimeout(watch, seconds * 1000);
  signal.addEventListener("abort", () => window.clearTimeout(first));
  const otherDay = field(t("dsp_date"), { type: "date", value: date });
  otherDay.input.addEventListener("change", () => { if (otherDay.input.value) go(`/desk/dispatch?date=${otherDay.input.value}`); });
  return {
    title: t("dsp"),
    content: [
      heading(`${t("dsp_title")} ${dayText(date)}`), said, incidentList(signal),
      el("div", { class: "filter-form" }, otherDay.block, seek.block, troubled.block, el("div", { class: "actions" }, el("a", { class: "button", href: `/desk/dispatch-roster?from=${date}` }, t("rst")), el("a", { class: "button", href: `/desk/dispatch-replay?date=${date}` }, t("dsp_replay")))),
      urgent, line.block,
      el("div", { class: "dsp-two" }, calm, card(t("dsp_where_vans"), map.block)),
    ],
  };
}

/** What the lines are drawn from. Vans move all the time: where they are is drawn anew alone. */
function stateOf({ vehicles }) {
  return JSON.stringify(vehicles.map((van) => ({ ...van, position: null })));
}

/** Vans that drive at that moment, those with the fewest trips around it first: {van, trips}. */
function freestFirst(vans, moment) {
  const isNear = ({ starts, ends }) => ends > moment - AROUND_MS && starts < moment + AROUND_MS;
  return vans.filter(({ shift }) => Date.parse(shift.starts_at) <= moment && Date.parse(shift.ends_at) > moment)
    .map((van) => ({ van, trips: tripsOf(van).filter(isNear).length }))
    .sort((one, other) => one.trips - other.trips || one.van.number.localeCompare(other.van.number));
}

/** When and where; `stop` is missing where it is past. */
function stopWords(stop, place) {
  const promised = stop && t(stop.kind === "pickup" ? "dsp_promised" : "dsp_promised_by", { from: clockText(stop.window_starts_at), to: clockText(stop.window_ends_at) });
  return [stop && clockText(timeOf(stop)), placeWords(place), promised].filter(Boolean).join(t("dsp_comma"));
}

function phoneLink(number) {
  return el("a", { href: `tel:${number}` }, number);
}

/** A dialog with a title; `draw(close)` gives what stands in it. */
function panel(title, draw) {
  const id = freshId("panel");
  const dialog = el("dialog", { class: "dialog wide", "aria-labelledby": id, on: { close: () => dialog.remove() } }, el("h2", { id }, title));
  dialog.append(...[draw(() => dialog.close())].flat(Infinity).filter(Boolean));
  document.body.append(dialog);
  dialog.showModal();
  focusOn(dialog.querySelector("h2"));
}
