// Exchanging with one partner: how many and to which number, what it costs in all, and yes with the passkey within two minutes.
import { digitsIn, standingOf } from "../account_numbers.js";
import { Refusal, Unreached, call } from "../api.js";
import { randomText } from "../bytes.js";
import { countdown } from "../countdown.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { number } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, facts, field, heading, mark, notice } from "../parts.js";
import { pointsElement, pointsText } from "../point_words.js";
import { go, lost } from "../router.js";
import { rateWords } from "./exchange.js";

const QUOTE_SECONDS = 120;

export async function exchangeWith({ path, signal }) {
  const [{ items }, account] = await Promise.all([call("GET", "/v1/points/partners", { signal }), call("GET", "/v1/points", { signal, inNameOf: null })]);
  const partner = items.find(({ code }) => code === path.code);
  if (!partner) return lost();
  const title = t("exchange_with", { partner: partner.name });
  const place = el("div");
  const screen = { partner, account, place, signal, asked: { direction: partner.rates[0].direction, points: "", number: "" } };
  drawForm(screen);
  return {
    title,
    content: [heading(title, { back: "/app/points/exchange", backText: t("exchange_title") }),
      el("p", { class: "hint" }, t("you_have", { points: pointsText(account.balance) }), " · ", partner.arrives), place],
  };
}

function drawForm(screen, { isAgain = false } = {}) {
  const { partner, asked } = screen;
  const problem = el("div");
  const terms = el("p", { class: "hint" });
  const points = field(t("exchange_points"), { hint: " ", inputmode: "numeric", autocomplete: "off", maxlength: "9", class: "input points-input", value: asked.points });
  const account = accountField(partner, asked.number);
  const next = button(t("ask_quote"), null, { kind: "primary wide", type: "submit" });
  const rate = () => partner.rates.find(({ direction }) => direction === asked.direction);
  const showTerms = () => {
    const { points_step, least_points, most_points, most_points_day, most_points_month } = rate();
    fill(terms, rateWords(rate(), partner.unit));
    fill(points.block.querySelector(".hint"), t("exchange_points_hint", { least: number(least_points), most: number(most_points), step: number(points_step) }),
      el("br"), t("exchange_caps", { day: number(most_points_day), month: number(most_points_month) }));
  };
  const submit = (event) => {
    event.preventDefault();
    const { points_step, least_points, most_points } = rate();
    asked.points = points.input.value.normalize("NFKC").replace(/[\s,]/g, "");
    asked.number = account.input.value;
    const amount = /^[0-9]{1,7}$/.test(asked.points) ? Number(asked.points) : 0;
    const isPossible = amount >= least_points && amount <= most_points && amount % points_step === 0;
    points.setError(isPossible ? "" : t("exchange_points_wrong", { least: number(least_points), most: number(most_points), step: number(points_step) }));
    if (!isPossible) return points.input.focus();
    if (!account.check({ isFinished: true })) return account.input.focus();
    return busy(next, problem, async () => {
      const body = { partner: partner.code, direction: asked.direction, points: amount, account_number: digitsIn(asked.number) };
      try {
        drawQuote(screen, await call("POST", "/v1/points/exchange-quotes", { body, signal: screen.signal }));
      } catch (failure) {
        if (failure.slug !== "exchange-account-wrong") throw failure;
        account.setError(failure.title);
        account.input.focus();
      }
    });
  };
  showTerms();
  const directions = partner.rates.length > 1 && el("fieldset", { class: "choices", on: { change: (event) => { asked.direction = event.target.value; showTerms(); } } },
    el("legend", {}, t("exchange_direction")), partner.rates.map(({ direction }) => el("label", { class: "choice small" },
      el("input", { type: "radio", class: "radio", name: "direction", value: direction, checked: direction === asked.direction }), el("span", {}, t(`direction_${direction}`, { partner: partner.name })))));
  fill(screen.place, el("form", { class: "card form", novalidate: true, on: { submit } }, directions, terms, points.block, account.block, problem, next));
  if (isAgain) points.input.focus();
}

/** The card's or member's number; that its check digit is wrong is said as soon as the last one is typed. */
function accountField(partner, value) {
  const right = el("p", { class: "account-right", role: "status" });
  const made = field(t("exchange_account"), { hint: partner.account, inputmode: "numeric", autocomplete: "off", maxlength: "24", class: "input account-input", value });
  made.block.append(right);
  let said = "";
  const check = ({ isFinished }) => {
    const { is, length } = standingOf(partner.code, made.input.value);
    const isEarly = is === "short" && !isFinished;
    const wrong = ["right", "unknown"].includes(is) || isEarly ? "" : t(`account_${is}`, { n: length });
    made.setError(wrong);
    if (wrong && wrong !== said) announce(wrong);
    said = wrong;
    fill(right, is === "right" && mark("good", t("account_right"), "check"));
    return ["right", "unknown"].includes(is);
  };
  made.input.addEventListener("input", () => check({ isFinished: false }));
  made.input.addEventListener("blur", () => { if (made.input.value) check({ isFinished: true }); });
  return { ...made, check };
}

function drawQuote(screen, quote) {
  const problem = el("div");
  const over = el("div");
  const key = randomText();
  const leaving = new AbortController();
  screen.signal.addEventListener("abort", () => leaving.abort(), { once: true });
  const isOut = quote.direction === "out";
  const again = (isAgain) => { leaving.abort(); drawForm(screen, { isAgain }); };
  const yes = button(t("exchange_yes"), () => busy(yes, problem, async () => {
    try {
      const made = await call("POST", "/v1/points/exchanges", { body: { quote_id: quote.id }, key });
      leaving.abort();
      go(`/app/points/exchanges/${made.id}`, { replace: true });
    } catch (failure) {
      if (failure instanceof Refusal && failure.slug === "exchange-quote-expired") lapse();
      else if (failure instanceof Unreached) fill(over, notice("warn", t("exchange_unsure"), el("p", {}, t("exchange_unsure_detail"))));
      else throw failure;
      if (failure instanceof Unreached) announce(t("exchange_unsure"), { urgent: true });
    }
  }), { kind: "primary wide tall", iconName: "finger" });
  const lapse = () => {
    yes.remove();
    fill(over, notice("warn", t("quote_over"), el("p", {}, t("quote_over_detail")), button(t("ask_quote_again"), () => again(true), { kind: "primary" })));
    announce(t("quote_over"), { urgent: true });
  };
  const title = el("h2", { tabindex: "-1" }, t("quote_title"));
  const left = countdown(quote.valid_until, { mostSeconds: QUOTE_SECONDS, key: "quote_left", signal: leaving.signal, onOver: lapse });
  fill(screen.place, el("section", { class: "card quote" }, title,
    el("p", { class: "quote-total" }, el("span", {}, t("quote_total")), el("strong", { class: "figure" }, isOut ? pointsElement(quote.total_cost) : inUnits(quote.total_cost, quote.unit))),
    el("p", { class: "quote-gets" }, icon("forward"), el("span", {}, t("quote_gets")), el("strong", {}, isOut ? inUnits(quote.value, quote.unit) : pointsElement(quote.points_in))),
    facts([
      isOut && [t("quote_for_value"), pointsElement(quote.points_out - quote.fee_points)],
      [t("fee"), quote.fee_points ? pointsElement(quote.fee_points) : t("no_fee")],
      [t("quote_rate"), quote.rate],
      [t("quote_account"), el("span", {}, t("ends_in"), " ", el("span", { "aria-hidden": "true", class: "mono" }, quote.account_last), el("span", { class: "unseen" }, [...quote.account_last].join(" ")))],
      [t("quote_arrives"), quote.arrives],
    ]), left, over, problem, yes, button(t("change_it"), () => again(true), { kind: "quiet wide" })));
  focusOn(title);
  announce(`${quote.in_words} ${t("quote_stands")}`);
}

function inUnits(value, unit) {
  return `${number(value)} ${unit}`;
}
