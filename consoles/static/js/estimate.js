// What would become of a message if it went out as planned: how many get it at once, later, in the digest, or not at all, and why.
import { countList, partsOf, saidCounts, splitBar } from "./counts.js";
import { el } from "./dom.js";
import { momentText, t } from "./language.js";
import { notice } from "./parts.js";

const OUTCOMES = [["would_send_today", "sent"], ["would_wait", "waiting"], ["would_digest", "digest"], ["expired", "expired"]];
const REASONS = ["asleep_now", "capped", "unreachable"];

/** `estimate` as the API answers. */
export function estimateShown(estimate) {
  const outcome = partsOf(estimate, OUTCOMES.map(([name, kind]) => [name, kind, t(`estimate_${name}`)]));
  return el("div", { class: "estimate" },
    el("p", { class: "estimate-lead" }, t("estimate_lead", { n: estimate.audience.text }), el("span", { class: "hint" }, t("estimate_reachable", { n: estimate.reachable.text }))),
    splitBar(t("estimate_says", { parts: saidCounts(outcome) }), outcome),
    el("h3", {}, t("estimate_why")),
    countList(partsOf(estimate, REASONS.map((name) => [name, null, t(`estimate_${name}`), t(`estimate_${name}_hint`)]))),
    estimate.audience.value === null && notice("warn", t("estimate_few"), el("p", {}, t("estimate_few_detail"))),
    el("p", { class: "hint" }, t("estimate_at", { at: momentText(estimate.made_at) })));
}
