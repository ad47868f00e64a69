// What is agreed with one partner of exchange, and proposals to agree on something else: another officer decides.
import { call, keyForEach } from "../api.js";
import { el } from "../dom.js";
import { dayText, t } from "../language.js";
import { officer } from "../officer.js";
import { allFilled, busy, card, choice, facts, field, heading, notice, table } from "../parts.js";
import { numberText } from "../points_words.js";
import { redraw } from "../router.js";

const LIMITS = ["points_step", "value_step", "fee_points", "least_points", "most_points", "most_points_day", "most_points_month"];
const TONES = { now: "good", later: "info", no_more: "" };

export async function agreements({ path, signal }, { said } = {}) {
  const at = `/v1/points-desk/partners/${encodeURIComponent(path.id)}`;
  const [found, partners] = await Promise.all([call("GET", `${at}/agreements`, { signal }), call("GET", "/v1/points-desk/partners", { signal })]);
  const name = partners.items.find(({ code }) => code === found.code)?.name ?? found.code;
  const again = (approval) => redraw(agreements, { path, signal }, approval);
  const title = t("pts_agreed_with", { name });
  return {
    title,
    content: [heading(title, { back: ["/desk/partners", t("pts_partners")], intro: t("pts_agreed_intro") }),
      said && notice("good", t("pts_now_proposed"), el("a", { class: "button", href: `/desk/approvals/${said}` }, t("pts_to_approval"))),
      card(null, facts([
        [t("status"), el("span", { class: `mark ${found.is_open ? "good" : "bad"}` }, t(found.is_open ? "pts_is_open" : "pts_is_shut"))],
        [t("pts_account"), [found.payee, found.account].filter(Boolean).join(" ") || t("pts_no_account")],
        [t("pts_payment_days"), numberText(found.payment_days)],
      ])),
      card(null, ratesTable(found.rates)),
      officer().roles.includes("points_officer") && proposals(at, found, again)],
  };
}

function ratesTable(rates) {
  return table(t("pts_rates"), [
    { name: t("pts_rate_from"), of: (each) => [dayText(each.first_day), " ", el("span", { class: `mark ${TONES[each.counts]}` }, t(`pts_rate_${each.counts}`))] },
    { name: t("pts_direction"), of: (each) => t(`pts_way_${each.direction}`) },
    { name: t("pts_rate"), of: (each) => `${numberText(each.points_step)} = ${numberText(each.value_step)}`, isNumber: true },
    { name: t("pts_fee_points"), of: (each) => numberText(each.fee_points), isNumber: true },
    { name: t("pts_limits"), of: (each) => [each.least_points, each.most_points, each.most_points_day, each.most_points_month].map(numberText).join(" / "), isNumber: true },
    { name: t("pts_source"), of: (each) => each.source },
  ], rates);
}

function proposals(at, found, again) {
  const known = found.rates.find(({ counts }) => counts === "now") ?? {};
  const whole = (key, value) => field(t(key), { inputmode: "numeric", maxlength: 9, value: value ?? "" });
  const direction = choice(t("pts_direction"), ["out", "in"].map((each) => [each, t(`pts_way_${each}`)]), { value: "out" });
  const from = field(t("pts_rate_from"), { type: "date", hint: t("pts_rate_from_hint") });
  const limits = Object.fromEntries(LIMITS.map((name) => [name, whole(`pts_limit_${name}`, known[name])]));
  const points = whole("pts_budget_more");
  const payee = field(t("pts_payee"), { value: found.payee ?? "", maxlength: 70 });
  const bank = field(t("pts_bank"), { inputmode: "numeric", maxlength: 3 });
  const account = field(t("pts_account_number"), { inputmode: "numeric", maxlength: 16 });
  const days = whole("pts_payment_days", found.payment_days);
  const propose = (title, action, fields, bodyOf) => form(title, `${at}/${action}`, fields, bodyOf, again);
  return [
    el("h2", {}, t("pts_propose_change")),
    propose(t("pts_propose_rate"), "rates", [direction, from, ...Object.values(limits)], () => ({
      direction: direction.input.value, first_day: from.input.value, ...Object.fromEntries(LIMITS.map((name) => [name, Number(limits[name].input.value)])) })),
    propose(t("pts_propose_budget"), "budget-additions", [points], () => ({ points: Number(points.input.value) })),
    propose(t("pts_propose_account"), "account-changes", [payee, bank, account, days], () => ({
      payee: payee.input.value.trim(), bank_code: bank.input.value.trim(), account: account.input.value.trim(), payment_days: Number(days.input.value) })),
    propose(t(found.is_open ? "pts_propose_shut" : "pts_propose_open"), "openings", [], () => ({ is_open: !found.is_open })),
  ];
}

/** One proposal, folded until it is wanted; every one names what says so. */
function form(title, address, fields, bodyOf, again) {
  const source = field(t("pts_source"), { maxlength: 300, hint: t("pts_source_hint") });
  const problem = el("div");
  const key = keyForEach();
  const submit = (event) => {
    event.preventDefault();
    if (!allFilled(...fields, source)) return;
    const wrong = fields.find(({ input }) => input.inputMode === "numeric" && !/^[0-9]+$/.test(input.value.trim()));
    if (wrong) { wrong.setError(t("pts_whole")); return; }
    busy(event.submitter, problem, async () => {
      const body = { ...bodyOf(), source: source.input.value.trim() };
      await again((await call("POST", address, { body, key: key(body) })).approval_id);
    });
  };
  return el("details", { class: "card" }, el("summary", {}, title),
    el("form", { class: "form", novalidate: true, on: { submit } },
      fields.length > 0 && el("div", { class: "columns form" }, fields.map(({ block }) => block)),
      source.block, problem, el("div", { class: "actions" }, el("button", { type: "submit", class: "button primary" }, t("pts_propose_it")))));
}
