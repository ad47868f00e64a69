// Signing in with a citizen certificate: the card lies in the reader, its PIN unlocks it, and it signs the words we ask for.
import { call } from "../api.js";
import { NoReader, PinRefused, cardsInReader, signWithCard } from "../card_reader.js";
import { allRight, demoPanel, numberField } from "../credentials.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { t } from "../language.js";
import { busy, button, field, fieldError, freshId, notice } from "../parts.js";
import { state } from "../state.js";

export const icon = "card";

export async function draw(around) {
  fill(around.card, el("p", { class: "hint", role: "status" }, t("card_looking")));
  try {
    const cards = await cardsInReader(around.signal);
    if (cards.length === 0) drawNothing(around, "card_none", "card_none_detail");
    else drawForm(around, cards);
  } catch (failure) {
    if (failure instanceof NoReader) drawNothing(around, "reader_none", "reader_none_detail");
    else if (failure.name !== "AbortError") throw failure;
  }
}

function drawNothing(around, titleKey, detailKey) {
  announce(t(titleKey), { urgent: true });
  fill(around.card,
    notice("warn", t(titleKey), el("p", {}, t(detailKey)),
      el("ol", { class: "steps" }, ["reader_step_1", "reader_step_2", "reader_step_3"].map((key) => el("li", {}, t(key))))),
    button(t("try_again"), () => draw(around), { kind: "primary wide" }));
}

function drawForm(around, cards) {
  const problem = el("div");
  const number = numberField();
  const pin = pinField();
  const chosen = cardChoice(cards);
  const send = button(t("certificate_send"), null, { kind: "primary wide", type: "submit", iconName: icon });
  const submit = (event) => {
    event.preventDefault();
    if (!chosen.check() || !allRight([number, pin])) return undefined;
    return busy(send, problem, () => signIn(around, { card: chosen.value(), number, pin, problem }));
  };
  fill(around.card,
    el("form", { class: "form", novalidate: true, on: { submit } },
      chosen.block, number.block, pin.block,
      el("p", { class: "hint" }, t("certificate_signs")), problem, send),
    state.config.demo && el("p", { class: "hint" }, t("certificate_demo")),
    demoPanel({ national_id: number }, problem));
}

async function signIn(around, { card, number, pin, problem }) {
  const wants = around.wants();
  try {
    const challenge = await call("POST", "/v1/auth/certificate/challenge", {
      body: { transport: wants.transport }, signal: around.signal, quiet: true,
    });
    const signed = await signWithCard(card, pin.value(), challenge.to_be_signed, around.signal);
    const session = await call("POST", "/v1/auth/certificate/verify", {
      body: { challenge_id: challenge.challenge_id, ...signed, national_id: number.value(), ...wants },
      signal: around.signal, quiet: true,
    });
    around.quiet?.abort();
    await around.enter(session);
  } catch (failure) {
    if (failure instanceof NoReader) drawNothing(around, "reader_none", "reader_none_detail");
    else if (failure instanceof PinRefused) showPinRefused(failure, pin, problem);
    else throw failure;
  }
}

function showPinRefused({ triesLeft }, pin, problem) {
  pin.input.value = "";
  if (triesLeft > 0) {
    pin.setError(t("pin_wrong", { n: triesLeft }));
    announce(t("pin_wrong", { n: triesLeft }), { urgent: true });
    return focusOn(pin.input);
  }
  pin.setError("");
  announce(t("pin_blocked"), { urgent: true });
  return fill(problem, el("div", { class: "problem" }, notice("bad", t("pin_blocked"), el("p", {}, t("pin_blocked_detail")))));
}

function pinField() {
  const entry = field(t("pin"), { hint: t("pin_hint"), type: "password", name: "card-pin", autocomplete: "off", inputmode: "numeric", maxlength: "8", required: true });
  const check = () => {
    const isRight = /^[0-9]{6,8}$/.test(entry.input.value);
    entry.setError(isRight ? "" : t("pin_form"));
    return isRight;
  };
  return { ...entry, check, value: () => entry.input.value };
}

/** Which card, where several lie in the reader; the only one is chosen already. */
function cardChoice(cards) {
  const name = freshId("card");
  const error = fieldError();
  const inputs = cards.map(({ card }) => el("input", { type: "radio", class: "radio", name, value: card, checked: cards.length === 1, on: { change: () => error.say("") } }));
  const block = el("fieldset", { class: "choices", "aria-describedby": error.id }, el("legend", {}, t("card_choose")),
    cards.map((one, place) => el("label", { class: "choice" }, inputs[place],
      el("span", {}, one.name, one.tries_left < 3 && el("span", { class: "hint" }, one.tries_left > 0 ? t("pin_tries", { n: one.tries_left }) : t("pin_blocked"))))),
    error.element);
  const value = () => inputs.find((input) => input.checked)?.value;
  const check = () => {
    error.say(value() ? "" : t("card_choose_missing"));
    if (!value()) inputs[0].focus();
    return Boolean(value());
  };
  return { block, check, value };
}
