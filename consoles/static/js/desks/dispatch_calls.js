// The telephone desk: fleets that answer no machine, and riders who want to be rung. Whoever rang writes down what was said.
import { call, keyForEach } from "../api.js";
import { clockText } from "../dispatch_day.js";
import { announce, el, fill } from "../dom.js";
import { ageText, momentText, t } from "../language.js";
import { watched } from "../live.js";
import { allFilled, busy, button, card, field, heading, notice } from "../parts.js";
import { redraw } from "../router.js";

const ADDRESS = "/v1/dispatch/calls";
const REFRESH_MS = 5000;
const DAY_MS = 86400000;
// What a fleet may say no to; everything else is only told.
const QUESTIONS = ["ask", "hold", "bind", "change"];
// What a fleet may say of a ride on its day, in the order in which one asks.
const OF_A_DAY = {
  under_way: { yes: "call_set_out", later: "call_comes_later", no: "call_comes_not" },
  driven: { yes: "call_was_driven", later: "call_is_aboard", nobody_came: "call_nobody_came", no: "call_never_came" },
};

export const desk = { path: "/desk/dispatch-calls", name: "call_desk", roles: ["dispatcher"], screens: { "/desk/dispatch-calls": list } };

/** The list keeps itself up to date, but never under somebody's hands. */
async function list({ signal }, { said } = {}) {
  const place = el("div");
  const note = el("p", { class: "hint below" }, t("call_refreshes"));
  const news = el("div");
  let known = null;
  const again = (words) => redraw(list, { signal }, words);
  const draw = (page) => {
    const ids = page.items.map(({ id }) => id);
    if (JSON.stringify(ids) === JSON.stringify(known)) return;
    const isNew = known && ids.some((id) => !known.includes(id));
    if (isNew) announce(t("call_arrived"), { urgent: true });
    if (known && place.contains(document.activeElement)) {
      if (isNew) fill(news, notice("info", t("call_arrived"), button(t("call_show"), () => again(t("call_shown")))));
      return;
    }
    known = ids;
    fill(news);
    fill(place, page.items.length ? page.items.map((item) => one(item, again)) : el("p", { class: "calm" }, t("call_none")));
  };
  draw(await call("GET", ADDRESS, { signal }));
  watched(ADDRESS, { signal, draw, onLost: () => fill(note, t("live_lost")), everyMs: REFRESH_MS });
  return { title: t("call_desk"), content: [heading(t("call_desk"), { intro: t("call_intro") }), said && notice("good", said), news, note, place] };
}

function one(item, again) {
  const isLate = Date.parse(item.answer_by) < Date.now();
  return card(t(`call_${item.question}`, { to: item.to }),
    el("p", {}, el("a", { class: "phone-number", href: `tel:${item.phone}` }, t("call_ring", { phone: item.phone }))),
    el("p", { class: "marks" }, el("span", { class: isLate ? "mark bad" : "mark warn" }, t(isLate ? "call_over" : "call_until", { at: untilText(item) })), el("span", { class: "mark" }, t("call_waits", { age: ageText(item.asked_at) }))),
    el("p", { class: "say" }, item.words),
    item.tries > 0 && el("p", { class: "hint" }, t("call_tries", { n: item.tries })), answers(item, again));
}

/** What may be said: yes with what belongs to it, no, or that nobody answered. */
function answers(item, again) {
  const problem = el("div");
  const key = keyForEach();
  const fields = fieldsOf(item);
  const { choices, yesWords } = choicesOf(item);
  const note = field(t("call_note"), { maxlength: 200 });
  const send = (pressed, answer, more = {}) => busy(pressed, problem, async () => {
    const words = note.input.value.trim();
    const body = { answer, ...more, ...(words && { note: words }) };
    await call("POST", `${ADDRESS}/${item.id}/answer`, { body, key: key(body) });
    await again(t("call_written", { to: item.to }));
  });
  const written = (pressed, answer, needed) => {
    if (!allFilled(...needed.map((each) => each.field))) return;
    const given = fields.filter((each) => each.field.input.value.trim() !== "");
    send(pressed, answer, Object.fromEntries(given.map((each) => [each.name, each.read(each.field.input.value.trim())])));
  };
  const yes = button(t(yesWords), () => written(yes, "yes", fields.filter(({ isNeeded }) => isNeeded)), { kind: "primary" });
  const others = choices.map(([answer, words]) => {
    const one = button(t(words), () => (answer === "later" ? written(one, answer, fields.filter(({ name }) => name === "minutes")) : send(one, answer)));
    return one;
  });
  const nobody = button(t("call_nobody"), () => send(nobody, "unreached"));
  return el("div", { class: "form" }, fields.map((each) => each.field.block), note.block, problem, el("div", { class: "actions" }, yes, others, nobody));
}

/** What else than yes, or that nobody answered, may have come of it. */
function choicesOf({ question, answers: allowed }) {
  const words = OF_A_DAY[question];
  if (words) return { yesWords: words.yes, choices: Object.entries(words).filter(([answer]) => answer !== "yes" && allowed.includes(answer)) };
  return QUESTIONS.includes(question) ? { yesWords: "call_yes", choices: [["no", "call_no"]] } : { yesWords: "call_told", choices: [] };
}

/** What belongs to a yes: [{name, field, read, isNeeded}]. */
function fieldsOf({ question, facts }) {
  const text = (name, label) => ({ name, field: field(t(label), { maxlength: 40 }), read: String });
  const whole = (name, label, least, most, hint) => ({ name, field: field(t(label), { type: "number", inputmode: "numeric", min: least, max: most, hint }), read: Number });
  if (question === "ask") {
    const wanted = facts.pick_up_at || new Date().toISOString();
    const at = { name: "pick_up_at", field: field(t("call_at"), { type: "time", value: facts.pick_up_at ? clockText(wanted) : "" }), read: (clock) => nearest(clock, wanted), isNeeded: true };
    const kept = { name: "kept_until", field: field(t("call_kept_until"), { type: "time", hint: t("call_kept_hint") }), read: upcoming };
    return [at, whole("minutes", "call_minutes", 1, 600), whole("price_twd", "call_price", 0, 20000), kept];
  }
  if (question === "bind") return [text("vehicle", "call_vehicle"), text("driver", "call_driver")];
  if (question === "under_way") return [whole("minutes", "call_door_in", 1, 600), text("vehicle", "call_vehicle"), text("driver", "call_driver")];
  if (question === "driven") {
    const fare = whole("price_twd", "call_fare", 0, 20000, t("call_fare_hint", { amount: facts.agreed_twd }));
    return [fare, whole("minutes", "call_there_in", 1, 600)];
  }
  return [];
}

/** By when: of a call that may wait until tomorrow, with its day. */
function untilText({ due_at: from, answer_by: until }) {
  return Date.parse(until) - Date.parse(from) > DAY_MS / 2 ? momentText(until) : clockText(until);
}

/** "00:20" when it is that next, in Taipei: what somebody says at 23:50. */
function upcoming(clock) {
  const now = Date.now();
  const at = (ahead) => `${new Date(now + ahead * DAY_MS).toLocaleDateString("en-CA", { timeZone: "Asia/Taipei" })}T${clock}:00+08:00`;
  return Date.parse(at(0)) > now ? at(0) : at(1);
}

/** "09:10" on the day on which it is nearest to `moment`, in Taipei: said at 23:50 of a ride at 00:10. */
function nearest(clock, moment) {
  const days = [-1, 0, 1].map((day) => new Date(Date.parse(moment) + day * DAY_MS).toLocaleDateString("en-CA", { timeZone: "Asia/Taipei" }));
  const all = days.map((day) => `${day}T${clock}:00+08:00`);
  const away = (each) => Math.abs(Date.parse(each) - Date.parse(moment));
  return all.reduce((best, each) => (away(each) < away(best) ? each : best));
}
