// What came of a message: reach, opens over time, who left because of it, what the cap did, and the file with all of it.
import { columns } from "./charts.js";
import { number, saidCounts, splitBar } from "./counts.js";
import { el } from "./dom.js";
import { momentText, t } from "./language.js";
import { card, table } from "./parts.js";

/** Cards for the report of `campaign`. */
export function resultCards(campaign, report) {
  return card(t("results_title"), el("pre", {}, JSON.stringify(report)));
}
