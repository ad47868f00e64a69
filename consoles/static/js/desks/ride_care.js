// What comes after rides: appeals and complaints, lost things, corrected fares, and whether anybody is refused more often than others.
import { call, keyForEach } from "../api.js";
import { el } from "../dom.js";
import { money, t } from "../language.js";
import { allFilled, busy, button, card, cardForm, choice, dayOf, facts, field, filterLinks, growingList, heading, moment, notice } from "../parts.js";
import { fairness } from "../fairness_shown.js";
import { fleetNames } from "../fleet_names.js";
import { redraw } from "../router.js";

const ADDRESS = "/desk/ride-care";
const LONGEST = 2000;
const PARTS = { appeals, complaints, lost, fares, fairness };

export const desk = { path: ADDRESS, name: "care", roles: ["mobility"], screens: { [ADDRESS]: screen } };

async function screen({ query, signal }, { said } = {}) {
  const part = query.get("part") in PARTS ? query.get("part") : "appeals";
  const again = (words) => redraw(screen, { query, signal }, words);
  const content = await PARTS[part]({ query, signal, again });
  return {
    title: t(`care_part_${part}`),
    content: [heading(t("care"), { intro: t("care_intro") }), said && notice("good", said),
      filterLinks(Object.keys(PARTS).map((each) => [`${ADDRESS}?part=${each}`, t(`care_part_${each}`), each === part])), content],
  };
}

/** A list that grows, or that nothing waits. */
async function waiting(path, signal, draw) {
  const load = (cursor) => call("GET", `${path}limit=30${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const first = await load();
  return first.items.length ? growingList(first, load, (item) => el("li", {}, draw(item))) : el("p", { class: "calm" }, t("care_none"));
}

async function appeals({ signal, again }) {
  const names = await fleetNames(signal);
  return [el("p", { class: "hint below" }, t("care_read")), await waiting("/v1/desk/ride-appeals?", signal, (item) => appeal(item, names, again))];
}

function appeal(item, names, again) {
  const words = wordsField(t("care_words"));
  const problem = el("div");
  const decide = (pressed, isGranted) => allFilled(words) && busy(pressed, problem, async () => {
    await call("POST", `/v1/desk/ride-appeals/${item.id}/decision`, { body: { is_granted: isGranted, words: words.input.value.trim() } });
    await again(t(isGranted ? "care_granted" : "care_refused"));
  });
  const grant = button(t("care_grant"), () => decide(grant, true), { kind: "primary" });
  const refuse = button(t("care_refuse"), () => decide(refuse, false));
  return card(t("care_appeal", { kind: item.kind_words, points: item.points }), el("p", { class: "say" }, item.reason),
    facts([
      [t("care_why"), item.why_words], [t("care_fleet"), names[item.fleet] || item.fleet],
      [t("care_when"), moment(item.happened_at)], [t("care_asked"), moment(item.asked_at)], [t("care_ride"), el("span", { class: "mono" }, item.ride_id)],
    ]),
    item.is_recorded_by_me ? notice("info", t("care_mine")) : el("div", { class: "form" }, words.block, problem, el("div", { class: "actions" }, grant, refuse)));
}

async function complaints({ signal, again }) {
  return [el("p", { class: "hint below" }, t("care_read")), await waiting("/v1/desk/ride-complaints?", signal, (item) => complaint(item, again))];
}

function complaint(item, again) {
  const words = wordsField(t("care_words"));
  const problem = el("div");
  const send = button(t("care_answer"), () => allFilled(words) && busy(send, problem, async () => {
    await call("POST", `/v1/desk/ride-complaints/${item.id}/answer`, { body: { words: words.input.value.trim() } });
    await again(t("care_answered"));
  }), { kind: "primary" });
  return card(t(`care_complaint_${item.kind}`), el("p", { class: "say" }, item.words),
    facts([[t("care_when"), moment(item.made_at)], [t("care_ride"), item.ride_id && el("span", { class: "mono" }, item.ride_id)]]),
    el("div", { class: "form" }, words.block, problem, el("div", { class: "actions" }, send)));
}

async function lost({ signal, again }) {
  const [kept, names] = await Promise.all([call("GET", "/v1/desk/found-items", { signal }), fleetNames(signal)]);
  const [sought, found] = await Promise.all([
    waiting("/v1/desk/lost-items?status=sought&", signal, (item) => missed(item, kept.items, names, again)),
    waiting("/v1/desk/lost-items?status=found&", signal, (item) => toFetch(item, names, again)),
  ]);
  return [el("h2", {}, t("care_sought")), sought, el("h2", {}, t("care_waiting")), found, foundForm(names, again), card(t("care_kept"), keptList(kept.items, names))];
}

function lostFacts(item, names) {
  return facts([[t("care_fleet"), names[item.fleet] || item.fleet], [t("care_when"), moment(item.ride_at)], [t("care_kept_at"), item.kept_at]]);
}

function missed(item, kept, names, again) {
  const problem = el("div");
  const fitting = kept.filter(({ fleet }) => fleet === item.fleet);
  const which = fitting.length > 0 && choice(t("care_match_which"), fitting.map((each) => [each.id, `${each.what} · ${each.found_on}`]), { value: fitting[0].id });
  const step = (pressed, path, said, body) => busy(pressed, problem, async () => {
    await call("POST", `/v1/desk/lost-items/${item.id}/${path}`, { body });
    await again(t(said));
  });
  const match = which && button(t("care_match"), () => step(match, "match", "care_matched", { found_id: which.input.value }), { kind: "primary" });
  const giveUp = button(t("care_give_up"), () => step(giveUp, "giving-up", "care_gave_up"));
  return card(item.what, lostFacts(item, names),
    el("div", { class: "form" }, which ? which.block : el("p", { class: "hint" }, t("care_match_none")), problem, el("div", { class: "actions" }, match, giveUp)));
}

function toFetch(item, names, again) {
  const problem = el("div");
  const done = button(t("care_hand_over"), () => busy(done, problem, async () => {
    await call("POST", `/v1/desk/lost-items/${item.id}/hand-over`);
    await again(t("care_handed_over"));
  }), { kind: "primary" });
  return card(item.what, lostFacts(item, names), problem, el("div", { class: "actions" }, done));
}

function foundForm(names, again) {
  const fleet = choice(t("care_fleet"), Object.entries(names), { value: Object.keys(names)[0] });
  const what = field(t("care_what"), { maxlength: 500 });
  const keptAt = field(t("care_kept_at"), { maxlength: 200 });
  const day = field(t("care_found_on"), { type: "date" });
  const vehicle = field(t("care_vehicle"), { maxlength: 20 });
  return cardForm(t("care_write_found"), null, [fleet, what, keptAt, day, vehicle].map(({ block }) => block), t("care_write_found"),
    (pressed, problem) => allFilled(what, keptAt, day) && busy(pressed, problem, async () => {
      const values = { fleet: fleet.input.value, what: what.input.value.trim(), kept_at: keptAt.input.value.trim(), found_on: day.input.value, vehicle_number: vehicle.input.value.trim() };
      await call("POST", "/v1/desk/found-items", { body: values });
      await again(t("care_written"));
    }), { kind: "" });
}

function keptList(items, names) {
  if (items.length === 0) return el("p", { class: "empty" }, t("care_none"));
  return el("ul", { class: "list", role: "list" }, items.map((each) => el("li", { class: "row" }, el("div", { class: "row-link" }, el("span", { class: "row-words" },
    el("span", { class: "row-title" }, each.what), el("span", { class: "hint" }, names[each.fleet] || each.fleet, " · ", each.kept_at, " · ", dayOf(each.found_on)))))));
}

async function fares({ again }) {
  const key = keyForEach();
  const ride = field(t("care_ride_number"), { maxlength: 40, spellcheck: "false", autocapitalize: "off" });
  const fare = field(t("care_fare"), { type: "number", inputmode: "numeric", min: 0 });
  const reason = field(t("care_reason"), { maxlength: 300 });
  return cardForm(t("care_fare_title"), t("care_fare_hint"), [ride.block, fare.block, reason.block], t("care_fare_save"),
    (pressed, problem) => allFilled(ride, fare, reason) && busy(pressed, problem, async () => {
      const body = { fare_twd: Number(fare.input.value), reason: reason.input.value.trim() };
      const path = `/v1/desk/rides/${encodeURIComponent(ride.input.value.trim())}/fare-corrections`;
      const settled = await call("POST", path, { body, key: key({ path, ...body }) });
      await again(t("care_fare_saved", { pays: money(settled.rider_pays_twd) }));
    }));
}

function wordsField(label) {
  return field(label, { name: "textarea", rows: 3, maxlength: LONGEST });
}
