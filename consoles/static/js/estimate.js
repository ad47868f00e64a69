// What would become of a message if it went out now: how many get it at once, later, in the digest, or not at all, and why.
import { saidCounts, splitBar } from "./counts.js";
import { el } from "./dom.js";
import { momentText, t } from "./language.js";
import { notice } from "./parts.js";

const OUTCOMES = [["would_send_today", "sent"], ["would_wait", "waiting"], ["would_digest", "digest"], ["expired", "expired"]];
const REASONS = ["asleep_now", "capped", "unreachable"];

/** `estimate` as the API answers; every count there is {text, value}. */
export function estimateShown(estimate) {
  const outcome = OUTCOMES.map(([name, kind]) => part(estimate, name, kind));
  return el("div", { class: "estimate" },
    el("p", { class: "estimate-lead" }, t("estimate_lead", { n: estimate.audience.text }), el("span", { class: "hint" }, t("estimate_reachable", { n: estimate.reachable.text }))),
    splitBar(t("estimate_says", { parts: saidCounts(outcome) }), outcome),
    el("h3", {}, t("estimate_why")),
    el("ul", { class: "split-key", role: "list" }, REASONS.map((name) => el("li", {},
      el("span", { class: "split-name" }, t(`estimate_${name}`), el("span", { class: "hint" }, t(`estimate_${name}_hint`))),
      el("span", { class: "figure" }, estimate[name].text)))),
    estimate.audience.value === null && notice("info", t("estimate_few"), el("p", {}, t("estimate_few_detail"))),
    el("p", { class: "hint" }, t("estimate_at", { at: momentText(new Date().toISOString()) })));
}

function part(estimate, name, kind) {
  const { text, value } = estimate[name];
  return { name: t(`estimate_${name}`), kind, value, figure: text };
}
