// The 1999 line: a caller is confirmed by a code of their printed card and a PIN that no operator hears; then a visit.
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { t } from "../language.js";
import { allFilled, busy, button, card, cardForm, field, heading, notice, problemPanel } from "../parts.js";
import { go } from "../router.js";
import { beginVisit } from "../visit.js";
import { visitScreen } from "./visit_screen.js";

const POLL_MS = 1500;

export const desk = {
  path: "/desk/operator", name: "operator", roles: ["operator"],
  screens: { "/desk/operator": begin, "/desk/operator/visit": visitScreen("/desk/operator"), "/desk/operator/calls/:id": one },
};

async function begin({ query }) {
  const content = [
    heading(t("operator"), { intro: t("operator_intro") }),
    query.get("ended") && notice("good", t("visit_over"), el("p", {}, t("visit_over_detail"))),
    callForm(), lossForm(),
  ];
  return { title: t("operator"), content };
}

function numberAndCase() {
  return [
    field(t("id_number"), { hint: t("id_number_hint"), autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: 14 }),
    field(t("case_number"), { hint: t("case_number_hint"), autocomplete: "off", maxlength: 60 }),
  ];
}

function callForm() {
  const [number, caseNumber] = numberAndCase();
  const send = (pressed, problem) => {
    if (!allFilled(number, caseNumber)) return;
    busy(pressed, problem, async () => {
      const body = { national_id: number.input.value.trim(), case_number: caseNumber.input.value.trim() };
      const begun = await call("POST", "/v1/operator/calls", { body });
      await go(`/desk/operator/calls/${begun.id}`);
    });
  };
  return cardForm(t("operator_begin"), t("operator_begin_hint"), [number.block, caseNumber.block], t("operator_begin"), send);
}

function lossForm() {
  const [number, caseNumber] = numberAndCase();
  const send = (pressed, problem) => {
    if (!allFilled(number, caseNumber)) return;
    busy(pressed, problem, async () => {
      const body = { national_id: number.input.value.trim(), case_number: caseNumber.input.value.trim() };
      await call("POST", "/v1/operator/card-losses", { body });
      for (const each of [number, caseNumber]) each.input.value = "";
      fill(problem, notice("good", t("loss_said")));
      announce(t("loss_said"));
    });
  };
  return cardForm(t("loss_title"), t("loss_hint"), [number.block, caseNumber.block], t("loss_button"), send, { kind: "" });
}

async function one({ path, signal }) {
  const address = `/v1/operator/calls/${encodeURIComponent(path.id)}`;
  const step = el("div");
  draw(await call("GET", address, { signal }), { address, step, signal });
  return { title: t("call_title"), content: [heading(t("call_title"), { back: "/desk/operator" }), step] };
}

function draw(known, around) {
  const { step } = around;
  if (known.status === "asked") fill(step, codeForm(known, around));
  else if (known.status === "keypad") waitForKeys(known, around);
  else if (known.status === "confirmed") fill(step, serveCard(around));
  else fill(step, notice("bad", t(known.status === "lapsed" ? "call_lapsed" : "call_refused"), el("p", {}, t("call_refused_detail")),
    el("a", { class: "button", href: "/desk/operator" }, t("call_again"))));
}

function codeForm(known, around) {
  const code = field(t("card_code", { n: known.code_number }), { inputmode: "numeric", autocomplete: "off", maxlength: 9 });
  const send = (pressed, problem) => {
    const digits = code.input.value.replace(/\s/g, "");
    code.setError(/^[0-9]{8}$/.test(digits) ? "" : t("card_code_wrong"));
    if (!/^[0-9]{8}$/.test(digits)) return;
    busy(pressed, problem, async () => draw(await call("POST", `${around.address}/code`, { body: { code: digits } }), around));
  };
  return cardForm(t("ask_code", { n: known.code_number }), null, [code.block], t("card_code_send"), send);
}

function waitForKeys(known, around) {
  const { address, step, signal } = around;
  const words = t("say_keypad", { number: known.keypad_number });
  fill(step, card(null, el("p", { class: "large-code" }, known.keypad_number), el("p", { class: "notice-title" }, words),
    el("p", { class: "hint" }, t("say_keypad_hint")), el("p", { role: "status" }, t("waiting_keys"))));
  announce(words);
  const look = async () => {
    if (signal.aborted) return;
    try {
      const now = await call("GET", address, { signal });
      if (now.status === "keypad") { window.setTimeout(look, POLL_MS); return; }
      draw(now, around);
      announce(t(now.status === "confirmed" ? "call_confirmed" : "call_refused"), { urgent: true });
    } catch (failure) {
      if (failure.name !== "AbortError") fill(step, problemPanel(failure, { retry: () => waitForKeys(known, around) }));
    }
  };
  window.setTimeout(look, POLL_MS);
}

function serveCard({ address }) {
  const problem = el("div");
  const serve = button(t("call_serve"), () => busy(serve, problem, async () => {
    beginVisit(await call("POST", `${address}/visits`, { body: {} }));
    await go("/desk/operator/visit");
  }), { kind: "primary" });
  return card(null, notice("good", t("call_confirmed"), el("p", {}, t("call_confirmed_hint"))), problem, el("div", { class: "actions" }, serve));
}
