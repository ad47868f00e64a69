// A day as it went: the map at a moment that a slider chooses, and what happened around it.
import { call } from "../api.js";
import { clockText } from "../dispatch_day.js";
import { announce, el, fill } from "../dom.js";
import { dayText, t } from "../language.js";
import { button, card, choice, field, heading } from "../parts.js";
import { go } from "../router.js";
import { vanMap } from "../van_map.js";

const MINUTE_MS = 60000;
const TICK_MS = 100;
const SPEEDS = [1, 5, 15, 60];
const SHOWN = 30;

export const desk = { path: "/desk/dispatch-replay", name: "dsp_replay", roles: ["dispatcher", "auditor"], screens: { "/desk/dispatch-replay": replay } };

async function replay({ query, signal }) {
  const found = await call("GET", `/v1/dispatch/replay${query.get("date") ? `?date=${query.get("date")}` : ""}`, { signal });
  const { date } = found;
  const events = found.events.map((each) => ({ ...each, time: Date.parse(each.at) })).sort((one, other) => one.time - other.time);
  const otherDay = field(t("dsp_date"), { type: "date", value: date });
  otherDay.input.addEventListener("change", () => { if (otherDay.input.value) go(`/desk/dispatch-replay?date=${otherDay.input.value}`); });
  const head = [heading(`${t("dsp_replay")} ${dayText(date)}`, { back: `/desk/dispatch?date=${date}`, intro: t("dsp_replay_intro") }), el("div", { class: "filter-form" }, otherDay.block)];
  if (events.length === 0) return { title: t("dsp_replay"), content: [...head, el("p", { class: "empty" }, t("dsp_replay_none"))] };
  return { title: t("dsp_replay"), content: [...head, player(events, signal)] };
}

function player(events, signal) {
  const [first, last] = [Math.floor(events[0].time / MINUTE_MS), Math.ceil(events.at(-1).time / MINUTE_MS)];
  const clock = el("output", {}, clockText(first * MINUTE_MS));
  const slider = el("input", { type: "range", min: first, max: last, step: 1, value: first, "aria-label": t("dsp_moment") });
  const speed = choice(t("dsp_speed"), SPEEDS.map((each) => [String(each), t("dsp_speed_n", { n: each })]), { value: "5" });
  const numbers = [...new Set(events.map(({ vehicle }) => vehicle).filter(Boolean))].sort();
  const which = choice(t("dsp_van"), [["", t("dsp_all_vans")], ...numbers.map((each) => [each, each])]);
  const list = el("ol", { class: "happened", role: "list" });
  const map = vanMap(t("dsp_map"));
  let moment = first;
  let timer = 0;

  const draw = () => {
    const until = Math.floor(moment) * MINUTE_MS;
    slider.value = String(Math.floor(moment));
    slider.setAttribute("aria-valuetext", clockText(until));
    fill(clock, clockText(until));
    const past = events.filter(({ time }) => time < until + MINUTE_MS);
    const seen = new Map();
    for (const each of past) if (each.vehicle && each.latitude != null) seen.set(each.vehicle, { number: each.vehicle, latitude: each.latitude, longitude: each.longitude, isChosen: each.vehicle === which.input.value, isBroken: false });
    for (const { vehicle, kind } of past) if (seen.has(vehicle) && (kind === "breakdown" || kind === "repaired")) seen.get(vehicle).isBroken = kind === "breakdown";
    map.show({ vans: [...seen.values()], stops: [] });
    fill(list, past.filter(({ kind, vehicle }) => kind !== "position" && (!which.input.value || vehicle === which.input.value)).slice(-SHOWN).reverse().map((each) => el("li", {}, el("time", { datetime: each.at }, clockText(each.at)), " ", [each.vehicle, each.words, each.reason].filter(Boolean).join(" "))));
  };
  const stop = () => {
    window.clearInterval(timer);
    timer = 0;
    fill(play, t("dsp_play"));
    announce(clockText(Math.floor(moment) * MINUTE_MS));
  };
  const play = button(t("dsp_play"), () => {
    if (timer) { stop(); return; }
    if (moment >= last) moment = first;
    fill(play, t("dsp_pause"));
    timer = window.setInterval(() => {
      moment = Math.min(last, moment + (Number(speed.input.value) * TICK_MS) / 1000);
      draw();
      if (moment >= last) stop();
    }, TICK_MS);
  }, { kind: "primary" });
  which.input.addEventListener("change", draw);
  slider.addEventListener("input", () => { moment = Number(slider.value); draw(); });
  signal.addEventListener("abort", () => window.clearInterval(timer));
  draw();
  return el("div", {}, el("div", { class: "replay" }, play, clock, slider, speed.block, which.block),
    el("div", { class: "dsp-two" }, card(t("dsp_where_vans"), map.block), card(t("dsp_happened"), list)));
}
