// From what the API says about each bill's ways to pay to one choice for all of them together.
import { t } from "./language.js";
import { moneyText } from "./format.js";
import { BANKS, railName } from "./rails.js";

const SOONEST = ["at_once", "next_business_day", "after_store_file"];
const ABOUT_MEANS = new Set(["no_linked_account", "link_paused", "over_link_limit", "not_enough_points"]);

/**
 * The quotes of several bills added up, one for each rail that all of them know:
 * {rail, isSlip, amount, fee, total, cityCost, counts, words, barred, becauseOf}. `barred` is why it is not possible, or "".
 */
export function combined(pages) {
  const [first, ...others] = pages;
  return first.map((quote) => [quote, ...others.map((page) => page.find((other) => other.rail === quote.rail))])
    .filter((quotes) => quotes.every(Boolean))
    .map((quotes) => {
      const sum = (name) => quotes.reduce((total, quote) => total + quote[name], 0);
      const slowest = quotes.reduce((one, other) => (soonness(other) > soonness(one) ? other : one));
      // Whoever begins anew takes the bills back from a payment of their own that only waits; the API knows which does more.
      const bar = quotes.find((quote) => !quote.is_available && quote.unavailable_reason !== "processing");
      return { rail: slowest.rail, isSlip: slowest.is_slip, amount: sum("amount"), fee: sum("fee"), total: sum("total"),
        cityCost: sum("city_cost"), counts: slowest.counts_as_paid, words: slowest.counts_as_paid_words,
        barred: bar ? bar.unavailable_words : "", becauseOf: bar ? bar.unavailable_reason : "" };
    });
}

/**
 * Every way to pay these bills with what this person has, the cheapest for both sides first and what is barred last:
 * {id, quote, title, account, hint, body, barred, isOwn, isRecommended}. `body` is what POST /v1/payments takes beside the bills.
 */
export function waysToPay({ quotes, links, cards, balance }) {
  const ways = quotes.filter((quote) => !quote.isSlip).flatMap((quote) => {
    if (BANKS.has(quote.rail)) return ofLinks(quote, links, balance);
    if (quote.rail === "card") return ofCards(quote, cards);
    if (quote.rail === "points") return [ofPoints(quote, balance)];
    return [way(quote, { id: quote.rail, body: { rail: quote.rail } })];
  });
  ways.sort((one, other) => rank(one).reduce((found, value, place) => found || value - rank(other)[place], 0));
  if (ways.length > 0 && !ways[0].barred) ways[0].isRecommended = true;
  return ways;
}

function ofLinks(quote, links, balance) {
  const own = links.filter((link) => railOf(link) === quote.rail && ["active", "paused", "pending"].includes(link.status) && link.account);
  if (own.length === 0) return [way(quote, { id: quote.rail, body: {} })];
  const byLaw = ABOUT_MEANS.has(quote.becauseOf) ? "" : quote.barred;
  return own.map((link) => {
    const limit = Math.min(...[link.per_payment_limit, link.left_today].filter((value) => value !== null));
    const isOver = quote.total - balance > limit;
    const asleep = link.status === "active" ? "" : t(`bank_${link.status}`);
    return way(quote, { id: link.id, title: link.name || link.bank_name, account: link.account, isOwn: true, isPreferred: link.is_preferred,
      hint: link.name && link.bank_name, body: { bank_link_id: link.id },
      barred: byLaw || asleep || (isOver ? t("over_limit", { limit: moneyText(limit) }) : "") });
  });
}

function ofCards(quote, cards) {
  const kept = cards.map((card) => way(quote, { id: card.id, title: t("kept_card"), account: card.label, isOwn: true, body: { card_id: card.id },
    barred: quote.barred || (card.is_expired ? t("card_expired") : "") }));
  return [...kept, way(quote, { id: "card", title: t("new_card"), hint: t("new_card_hint"), body: { rail: "card" } })];
}

function ofPoints(quote, balance) {
  const hasEnough = balance >= quote.total;
  const byLaw = ABOUT_MEANS.has(quote.becauseOf) ? "" : quote.barred;
  return way(quote, { id: "points", title: t("points_alone"), body: { rail: "points" },
    barred: byLaw || (hasEnough ? "" : t("points_too_few", { n: balance })) });
}

function way(quote, { title = railName(quote.rail), account = "", hint = "", barred = quote.barred, isOwn = false, isPreferred = false, ...rest }) {
  return { quote, title, account, hint, barred, isOwn, isPreferred, isRecommended: false, ...rest };
}

function railOf(link) {
  return link.bank === "bank_of_kaohsiung" ? link.bank : "ach";
}

function rank({ quote, barred, isPreferred, isOwn }) {
  return [Number(Boolean(barred)), quote.fee + quote.cityCost, quote.fee, soonness({ counts_as_paid: quote.counts }), Number(!isPreferred), Number(!isOwn)];
}

function soonness(quote) {
  return SOONEST.indexOf(quote.counts_as_paid);
}
