// Cancel a ride: the rule and what it costs stand there before anything is pressed.
import { call } from "../api.js";
import { randomText } from "../bytes.js";
import { announce, el } from "../dom.js";
import { moneyText } from "../format.js";
import { t } from "../language.js";
import { busy, button, buttonLink, heading, notice } from "../parts.js";
import { journey, whenOfRide } from "../ride_words.js";
import { whenText } from "../ride_times.js";
import { backToRide } from "./ride.js";

export async function cancelRide({ path, signal }) {
  const address = `/v1/rides/${encodeURIComponent(path.id)}`;
  const [ride, terms] = await Promise.all([call("GET", address, { signal }), call("GET", `${address}/cancellation-terms`, { signal })]);
  const title = t("cancel_title");
  const problem = el("div");
  const key = randomText();
  const costs = [terms.points > 0 && t("cancel_points", { n: terms.points }), terms.fee_twd > 0 && t("cancel_fee", { amount: moneyText(terms.fee_twd) })].filter(Boolean);
  const both = el("input", { type: "checkbox", class: "check", checked: true });
  const hasReturn = Boolean(ride.other_leg_id) && ride.leg === "out";
  const yes = button(t("cancel_yes"), () => busy(yes, problem, async () => {
    const after = await call("POST", `${address}/cancellation`, { body: { with_return: hasReturn && both.checked }, key, signal });
    announce(t(after.status === "cancelled" ? "cancel_done" : after.is_cancelling ? "ride_cancelling" : "cancel_refused"), { urgent: true });
    await backToRide(ride.id);
  }), { kind: "danger wide tall", iconName: "cross" });
  return {
    title,
    content: [heading(title, { back: `/app/rides/${ride.id}`, backText: t("ride_title") }),
      el("section", { class: "card" }, el("p", {}, el("strong", { class: "capital" }, whenOfRide(ride))), el("p", {}, journey(ride)), el("p", { class: "hint" }, ride.fleet_name)),
      !terms.may_cancel ? notice("warn", t("cancel_too_late"), el("p", {}, terms.words)) : notice(costs.length ? "warn" : "good", costs.length ? t("cancel_costs") : t("cancel_free"),
        costs.map((words) => el("p", {}, el("strong", {}, words))), terms.free_until && !terms.is_late && el("p", {}, t("cancel_free_until", { when: whenText(terms.free_until) })),
        terms.words && el("p", {}, terms.words), terms.source && el("p", { class: "hint" }, terms.source)),
      terms.may_cancel && hasReturn && el("label", { class: "choice" }, both, el("span", {}, t("cancel_with_return"))),
      problem, el("div", { class: "actions column" }, terms.may_cancel && yes, buttonLink(t("cancel_keep"), `/app/rides/${ride.id}`, { kind: "quiet wide" }))],
  };
}
