// What came of a message: whom it reached, who opened it, who left because of it, what the cap did, and the file with all of it.
import { columns } from "./charts.js";
import { countList, partsOf, restOf, saidCounts, splitBar } from "./counts.js";
import { el } from "./dom.js";
import { momentText, t } from "./language.js";
import { card, moment, table } from "./parts.js";

const REACH = [["sent", "sent"], ["waiting_tomorrow", "waiting"], ["digested", "digest"], ["expired", "expired"], ["withdrawn", "failed"]];
const WHY = ["digested_cap_is_zero", "expired_cap", "expired_asleep", "waited"];
const REACTIONS = ["opened", "dismissed", "unsubscribed", "complained"];

/** The card of the API's `report` about `campaign`. */
export function resultCards(campaign, { totals, runs }) {
  if (!runs.length) return card(t("results_title"), el("p", { class: "hint" }, t("results_none")));
  const decided = partsOf(totals, REACH.map(([what, kind]) => [what, kind, t(`what_${what}`)]));
  const reach = [...decided, restOf(totals.audience, decided, runs.every(({ ended_at: endedAt }) => endedAt))];
  const share = perOf(totals.opened, totals.sent, 100);
  return card(t("results_title"),
    el("p", { class: "live-figure" }, t("results_lead", { sent: totals.sent.text, opened: totals.opened.text })),
    el("p", { class: "hint" }, share !== "–" && t("results_share", { n: share }), " ", t("results_hint")),
    el("h3", {}, t("results_reach")), splitBar(t("live_says", { parts: saidCounts(reach) }), reach),
    el("h3", {}, t("results_why")),
    countList(partsOf(totals, [["lost_to_cap", null, t("results_lost"), t("results_lost_hint")],
      ...WHY.map((what) => [what, null, t(`what_${what}`)]), ["unreachable", null, t("what_unreachable")],
      ["handed_over", null, t("what_handed_over")], ["gone", null, t("what_gone")], ["given_up", null, t("what_given_up")]])),
    el("h3", {}, t("results_reactions")), reactionsTable(totals),
    runs.length > 1 && eachSending(runs),
    el("p", { class: "actions" }, el("a", { class: "button", href: `/v1/bureau/campaigns/${campaign.id}/report?format=csv`, download: `report-${campaign.id}.csv` }, t("results_csv"))));
}

function reactionsTable(totals) {
  return table(t("results_reactions"), [
    { name: t("history_what"), of: (what) => t(`what_${what}`) },
    { name: t("results_count"), of: (what) => totals[what].text, isNumber: true },
    { name: t("results_per_thousand"), of: (what) => perOf(totals[what], totals.sent, 1000), isNumber: true },
  ], REACTIONS);
}

/** A share of counts that may be told; "–" where one of them is too small. */
export function perOf(part, whole, of) {
  return part.value === null || !whole.value ? "–" : (Math.round((part.value * of * 10) / whole.value) / 10).toLocaleString("en-US");
}

function eachSending(runs) {
  const inOrder = [...runs].reverse().map((run) => ({ name: momentText(run.begun_at), value: run.counts.opened.value || 0, figure: run.counts.opened.text }));
  return [
    el("h3", {}, t("results_sendings")), el("p", { class: "hint" }, t("results_each_hint")),
    columns(t("results_opened_says", { parts: saidCounts(inOrder.slice(-12)) }), inOrder.slice(-60)),
    table(t("results_sendings"), [
      { name: t("results_begun"), of: (run) => moment(run.begun_at) },
      ...["sent", "opened", "unsubscribed", "complained", "lost_to_cap"].map((what) => ({
        name: what === "lost_to_cap" ? t("results_lost") : t(`what_${what}`), of: (run) => run.counts[what].text, isNumber: true,
      })),
    ], runs),
  ];
}
