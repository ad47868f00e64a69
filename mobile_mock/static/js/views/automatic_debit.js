// Parking fees without a tap: turned on with the passkey over its own words, capped, each debit told of the day before,
// any one of them skipped, all of it stopped at once.
import { call } from "../api.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { money, number } from "../format.js";
import { icon } from "../icons.js";
import { readStandingInstruction, WordsDoNotMatch } from "../instruction.js";
import { t } from "../language.js";
import { busy, button, buttonLink, confirmed, facts, field, heading, mark, notice } from "../parts.js";
import { signChallenge } from "../passkeys.js";
import { instrumentName } from "../rails.js";
import { state } from "../state.js";
import { plannedDebits } from "./planned_debits.js";
import { standingWordsToSign } from "./words_to_sign.js";

const ADDRESS = "/v1/automatic-debits";
const FIRST_PER_BILL = 300;
const FIRST_PER_MONTH = 1500;

export async function automaticDebit({ signal }) {
  const place = el("div");
  const [standing, links] = await Promise.all([call("GET", ADDRESS, { signal }), call("GET", "/v1/bank-links", { signal })]);
  const accounts = links.items.filter((link) => link.bank === "bank_of_kaohsiung" && link.status === "active");
  const screen = { place, accounts, signal };
  await drawStanding(screen, standing);
  return { title: t("automatic_title"), content: [place] };
}

async function drawStanding(screen, standing) {
  const planned = await plannedDebits(screen.signal);
  fill(screen.place, heading(t("automatic_title"), { back: "/app/me", backText: t("nav_me") }),
    standing.is_on ? isOn(screen, standing) : isOff(screen, standing), planned);
}

function isOn(screen, standing) {
  const { terms } = standing;
  const problem = el("div");
  const stop = button(t("automatic_stop"), async () => {
    if (!(await confirmed(t("automatic_stop_ask"), t("automatic_stop_detail"), t("automatic_stop"), { dangerous: true }))) return;
    await busy(stop, problem, async () => {
      const stopped = await call("DELETE", ADDRESS);
      announce(t("automatic_stopped"));
      await drawStanding(screen, stopped);
      focusOn(screen.place.querySelector("h1"));
    });
  }, { kind: "danger wide" });
  return [
    el("section", { class: "card" }, el("p", {}, mark("good", t("automatic_is_on"), "check")),
      facts([
        [t("account"), instrumentName("bank_of_kaohsiung", terms.account)],
        [t("automatic_per_bill"), money(terms.per_bill_cap)],
        [t("automatic_per_month"), money(terms.monthly_cap)],
        [t("automatic_this_month"), money(standing.debited_this_month, "strong")],
      ]), problem, stop),
    el("details", { class: "why" }, el("summary", {}, icon("repeat"), t("automatic_change")), termsForm(screen, terms)),
  ];
}

function isOff(screen, standing) {
  const why = standing.stopped_reason && t(`automatic_stopped_${standing.stopped_reason}`);
  return [
    why && notice(standing.stopped_reason === "citizen" ? "info" : "warn", why),
    el("p", {}, t("automatic_detail")),
    el("ul", { class: "ticks" }, ["automatic_good_1", "automatic_good_2", "automatic_good_3"].map((key) => el("li", {}, icon("check"), t(key)))),
    screen.accounts.length === 0
      ? el("section", { class: "card" }, el("p", {}, t("automatic_no_account")), buttonLink(t("banks_title"), "/app/me/banks", { kind: "primary wide" }))
      : el("section", { class: "card" }, el("h2", {}, t("automatic_turn_on")), termsForm(screen, null)),
  ];
}

function termsForm(screen, terms) {
  const problem = el("div");
  const amount = (key, value) => field(t(key), { hint: t(`${key}_hint`), inputmode: "numeric", autocomplete: "off", maxlength: "7", value: String(value) });
  const perBill = amount("automatic_per_bill", terms?.per_bill_cap || FIRST_PER_BILL);
  const perMonth = amount("automatic_per_month", terms?.monthly_cap || FIRST_PER_MONTH);
  const next = button(t("next_review"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    const asked = { bank_link_id: new FormData(event.target).get("account"), per_bill_cap: dollars(perBill), monthly_cap: dollars(perMonth) };
    perBill.setError(asked.per_bill_cap > 0 ? "" : t("amount_wrong"));
    perMonth.setError(!(asked.monthly_cap > 0) ? t("amount_wrong") : asked.monthly_cap < asked.per_bill_cap ? t("automatic_month_too_small", { amount: number(asked.per_bill_cap) }) : "");
    const wrong = [perBill, perMonth].find((each) => each.input.hasAttribute("aria-invalid"));
    if (wrong) return wrong.input.focus();
    return busy(next, problem, async () => review(screen, asked, await call("PUT", ADDRESS, { body: asked })));
  };
  const current = terms?.bank_link_id || (screen.accounts.find((link) => link.is_preferred) || screen.accounts[0])?.id;
  return el("form", { class: "form", novalidate: true, on: { submit } },
    el("fieldset", { class: "choices" }, el("legend", {}, t("choose_account")), screen.accounts.map((link) => el("label", { class: "choice" },
      el("input", { type: "radio", class: "radio", name: "account", value: link.id, checked: link.id === current }),
      icon("bank"), el("span", {}, el("strong", {}, link.name || link.bank_name), " ", el("span", { class: "mono" }, link.account))))),
    perBill.block, perMonth.block, problem, next);
}

async function review(screen, asked, proposal) {
  const back = async () => drawStanding(screen, await call("GET", ADDRESS));
  const title = el("h1", {}, t("review_title"));
  try {
    const instruction = await readStandingInstruction(proposal, asked, state.me.id);
    const problem = el("div");
    const sign = button(t("automatic_sign"), () => busy(sign, problem, async () => {
      const credential = await signChallenge(proposal.authorization.options, instruction.challenge);
      const standing = await call("POST", `${ADDRESS}/${proposal.id}/authorization`, { body: { credential } });
      announce(t("automatic_is_on"));
      await drawStanding(screen, standing);
      focusOn(screen.place.querySelector("h1"));
    }), { kind: "accent wide tall", iconName: "finger" });
    fill(screen.place, el("header", { class: "heading" }, title), standingWordsToSign(proposal, instruction, state.me),
      el("div", { class: "sign-off" }, problem, sign), el("p", { class: "hint centre" }, t("sign_hint")), button(t("cancel"), back, { kind: "quiet wide" }));
  } catch (failure) {
    if (!(failure instanceof WordsDoNotMatch)) throw failure;
    announce(t("words_differ"), { urgent: true });
    fill(screen.place, el("header", { class: "heading" }, title), notice("bad", t("words_differ_refused"), el("p", {}, t("words_differ_detail")),
      el("p", { class: "mono" }, `${proposal.id} · ${failure.reason}`)), button(t("back"), back, { kind: "quiet wide" }));
  }
  focusOn(title);
}

function dollars({ input }) {
  const text = input.value.normalize("NFKC").replace(/[\s,]/g, "");
  return /^[0-9]+$/.test(text) ? Number(text) : NaN;
}
