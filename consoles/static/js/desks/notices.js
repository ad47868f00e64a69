// Notices to bureaus: what was not acknowledged, each delivery that was tried, and telling it once more.
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { momentText, nameOf, t } from "../language.js";
import { actsForFinance } from "../officer.js";
import { busy, button, card, facts, filterLinks, growingList, heading, moment, notice as box, problemPanel, table } from "../parts.js";

const STATUSES = ["given_up", "waiting", "acknowledged"];
const TONES = { given_up: "bad", waiting: "warn", acknowledged: "good" };

export const desk = { path: "/desk/notices", name: "notices", roles: ["finance", "auditor"], screens: { "/desk/notices": list } };

async function list({ query, signal }) {
  const status = STATUSES.includes(query.get("status")) ? query.get("status") : "given_up";
  const load = (cursor) => call("GET", `/v1/bureau-notices?status=${status}&limit=20${cursor ? `&cursor=${cursor}` : ""}`, { signal });
  const first = await load();
  return {
    title: t("notices"),
    content: [heading(t("notices"), { intro: t("notices_intro") }),
      filterLinks(STATUSES.map((each) => [`/desk/notices?status=${each}`, t(`notices_${each}`), each === status])),
      first.items.length ? growingList(first, load, (item) => row(item, signal)) : el("p", { class: "empty" }, t("none_found"))],
  };
}

function row(item, signal) {
  const place = el("li", {});
  const draw = (now, said) => fill(place, block(now, signal, draw, said));
  draw(item);
  return place;
}

function block(item, signal, draw, said) {
  const numbers = (item.data.bills || [item.data]).map((bill) => bill.number).filter(Boolean).join(t("and"));
  const problem = el("div");
  const again = button(t("deliver_again"), () => busy(again, problem, async () => {
    const now = await call("POST", `/v1/bureau-notices/${item.id}/redelivery`);
    announce(t("delivered_again"));
    draw(now, t("delivered_again"));
  }));
  const tried = [t("tries_n", { n: item.tries }), item.next_try_at && t("next_try", { at: momentText(item.next_try_at) }),
    item.waits_for.length > 0 && t("waits_for_n", { n: item.waits_for.length })].filter(Boolean).join(" · ");
  return card(null,
    el("div", { class: "chart-line" }, el("h2", {}, t("pair", { name: nameOf(item.bureau), value: t(`notice_${item.type}`) })), el("span", { class: `mark ${TONES[item.status]}` }, t(`notices_${item.status}`))),
    said && box("good", said),
    facts([
      [t("bill_number"), numbers && el("span", { class: "mono" }, numbers)],
      [t("occurred_on"), moment(item.happened_at)],
      [t("attempts"), tried],
      [t("detail"), item.last_error],
      [t("payment"), el("a", { href: `/desk/payments/${item.payment_id}` }, t("to_payment"))],
    ]),
    attempts(item, signal), problem, actsForFinance() && item.status !== "acknowledged" && el("div", { class: "actions" }, again));
}

function attempts(item, signal) {
  const place = el("div");
  const opened = el("details", { on: { toggle: async () => {
    if (!opened.open || place.childNodes.length) return;
    try {
      const { items } = await call("GET", `/v1/bureau-notices/${item.id}/attempts`, { signal });
      fill(place, items.length ? attemptsTable(items) : el("p", { class: "hint" }, t("no_attempts")));
    } catch (failure) {
      if (failure.name !== "AbortError") fill(place, problemPanel(failure));
    }
  } } }, el("summary", {}, t("attempts")), place);
  return opened;
}

function attemptsTable(items) {
  return table(t("attempts"), [
    { name: t("number_of"), of: (each) => each.number },
    { name: t("began_at"), of: (each) => moment(each.started_at) },
    { name: t("outcome"), of: (each) => t(`outcome_${each.outcome}`) },
    { name: t("detail"), of: (each) => [each.detail || "–", el("span", { class: "hint" }, ` ${t("took", { n: each.took_ms })}`)] },
  ], items);
}
