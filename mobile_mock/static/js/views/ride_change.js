// Change a ride: another time, more or fewer people, a note for the driver. The fleet says whether it can.
import { call } from "../api.js";
import { randomText } from "../bytes.js";
import { announce, el, fill } from "../dom.js";
import { clockText, dayOf } from "../format.js";
import { t } from "../language.js";
import { busy, button, buttonLink, field, heading, notice } from "../parts.js";
import { momentChoice } from "../moment_choice.js";
import { journey, whenOfRide } from "../ride_words.js";
import { selectField } from "../select_field.js";
import { forgetTyped, keepTyped, typed } from "../typed.js";
import { backToRide } from "./ride.js";

const MOST_COMPANIONS = 4;

export async function changeRide({ path, signal }) {
  const address = `/v1/rides/${encodeURIComponent(path.id)}`;
  const ride = await call("GET", address, { signal });
  const title = t("change_title");
  const problem = el("div");
  const was = { date: dayOf(ride.pick_up_at), clock: clockText(ride.pick_up_at) };
  const kept = `change.${ride.id}`;
  const entered = { ...was, companions: String(ride.companions || 0), notes: ride.notes || "", ...typed(kept) };
  const keep = () => keepTyped(kept, { date: dayOf(when.value()), clock: clockText(when.value()), companions: companions.input.value, notes: notes.input.value });
  const when = momentChoice(t("change_when"), { date: entered.date, clock: entered.clock, onChange: keep });
  const people = Math.max(MOST_COMPANIONS, ride.companions || 0);
  const companions = selectField(t("book_companions"), Array.from({ length: people + 1 }, (_, n) => [String(n), t(n === 0 ? "companions_none" : "companions_n", { n })]), { value: entered.companions });
  const notes = field(t("book_notes"), { maxlength: "200", value: entered.notes });
  let attempt = { body: "", key: "" };
  const send = button(t("change_send"), null, { kind: "primary wide tall", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    const at = when.value();
    const body = {};
    if (dayOf(at) !== was.date || clockText(at) !== was.clock) body.pick_up_at = at;
    if (Number(companions.input.value) !== (ride.companions || 0)) body.companions = Number(companions.input.value);
    if (notes.input.value.trim() !== (ride.notes || "")) body.notes = notes.input.value.trim();
    const isPast = body.pick_up_at && Date.parse(at) < Date.now();
    when.setError(isPast ? t("book_when_past") : "");
    if (isPast) { when.focus(); return; }
    if (Object.keys(body).length === 0) { fill(problem, notice("info", t("change_nothing"))); announce(t("change_nothing"), { urgent: true }); return; }
    if (attempt.body !== JSON.stringify(body)) attempt = { body: JSON.stringify(body), key: randomText() };
    busy(send, problem, async () => {
      const after = await call("POST", `${address}/changes`, { body, key: attempt.key, signal });
      forgetTyped(kept);
      announce(t(after.is_changing ? "ride_changing" : "change_done"), { urgent: true });
      await backToRide(ride.id);
    });
  };
  return {
    title,
    content: [heading(title, { back: `/app/rides/${ride.id}`, backText: t("ride_title") }),
      el("section", { class: "card" }, el("p", {}, el("strong", { class: "capital" }, whenOfRide(ride))), el("p", {}, journey(ride))),
      notice("info", t("change_rule"), el("p", {}, t("change_rule_detail"))),
      el("form", { class: "form", novalidate: true, on: { submit, input: keep } }, el("section", { class: "card" }, when.block), el("section", { class: "card form" }, companions.block, notes.block), problem, send,
        buttonLink(t("change_keep"), `/app/rides/${ride.id}`, { kind: "quiet wide" }))],
  };
}
