// The service counter: look up for a purpose, see the papers, write down, prove; then a code, a card, or a visit.
import { call } from "../api.js";
import { el, fill, focusOn } from "../dom.js";
import { momentText, t } from "../language.js";
import { allFilled, busy, button, card, cardForm, choice, confirmed, facts, field, heading, notice } from "../parts.js";
import { go, redraw } from "../router.js";
import { beginVisit } from "../visit.js";
import { visitScreen } from "./visit_screen.js";

const PURPOSES = ["proofing_in_person", "lost_credentials", "visit"];
const PAPERS = ["id_card", "residence_permit", "passport", "driving_licence", "health_card", "household_certificate"];

export const desk = {
  path: "/desk/counter", name: "counter", roles: ["counter"],
  screens: { "/desk/counter": lookUp, "/desk/counter/visit": visitScreen("/desk/counter"), "/desk/counter/:id": one },
};

async function lookUp({ query }) {
  const number = field(t("id_number"), { hint: t("id_number_hint"), autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: 14 });
  const purpose = choice(t("purpose"), [["", t("choose")], ...PURPOSES.map((each) => [each, t(`purpose_${each}`)])]);
  const caseNumber = field(t("case_number"), { hint: t("case_number_hint"), autocomplete: "off", maxlength: 60 });
  const send = (pressed, problem) => {
    if (!allFilled(number, purpose, caseNumber)) return;
    busy(pressed, problem, async () => {
      const body = { national_id: number.input.value.trim(), purpose: purpose.input.value, case_number: caseNumber.input.value.trim() };
      const found = await call("POST", "/v1/counter/cases", { body });
      await go(`/desk/counter/${found.id}`);
    });
  };
  return {
    title: t("counter"),
    content: [
      heading(t("counter"), { intro: t("counter_intro") }),
      query.get("ended") && notice("good", t("visit_over"), el("p", {}, t("visit_over_detail"))),
      cardForm(null, null, [number.block, purpose.block, caseNumber.block], t("look_up"), send),
    ],
  };
}

async function one({ path, query, signal }, { said } = {}) {
  const address = `/v1/counter/cases/${encodeURIComponent(path.id)}`;
  const found = await call("GET", address, { signal });
  const again = (words) => redraw(one, { path, query, signal }, words);
  const title = t("case_title", { number: found.case_number });
  return {
    title,
    content: [
      heading(title, { back: "/desk/counter", intro: `${t(`purpose_${found.purpose}`)} · ${t("case_until", { at: momentText(found.expires_at) })}` }),
      said && notice("good", said),
      about(found, address, again), papersForm(found, address, again), nameForm(found, address, again), proofCard(found, address, again),
      found.is_proved_here && afterProof(found, address),
    ],
  };
}

function about(found, address, again) {
  const ways = [
    found.passkeys > 0 && t("passkeys_n", { n: found.passkeys }), found.has_password && t("has_password"),
    found.card && t("card_left", { n: found.card.codes_left }),
  ].filter(Boolean);
  const problem = el("div");
  const end = button(t("end_card"), async () => {
    if (!await confirmed(t("end_card_ask"), t("end_card_detail"), t("end_card"))) return;
    await busy(end, problem, async () => { await call("DELETE", `${address}/card`); await again(t("card_ended_said")); });
  }, { kind: "small" });
  return card(t("person"),
    !found.is_registered && notice("info", t("not_registered"), el("p", {}, t("not_registered_detail"))),
    facts([
      [t("id_number"), el("span", { class: "mono" }, found.national_id)],
      [t("name"), found.name],
      [t("mobile"), found.is_registered ? found.mobile || t("mobile_none") : null],
      [t("proofing"), found.proofing_level && t(`proofing_${found.proofing_level}`)],
      [t("ways_in"), found.is_registered ? ways.join(t("and")) || t("none_yet") : null],
    ]), found.card && el("div", { class: "actions" }, end), problem);
}

function papersForm(found, address, again) {
  const boxes = PAPERS.map((paper) => {
    const box = el("input", { type: "checkbox", value: paper, properties: { checked: found.papers.includes(paper) } });
    return { box, label: el("label", { class: "tick" }, box, el("span", {}, t(`paper_${paper}`))) };
  });
  const group = el("fieldset", { class: "ticks" }, el("legend", { class: "unseen" }, t("step_papers")), boxes.map(({ label }) => label));
  const send = (pressed, problem) => busy(pressed, problem, async () => {
    const papers = boxes.filter(({ box }) => box.checked).map(({ box }) => box.value);
    if (papers.length === 0) { fill(problem, notice("warn", t("papers_too_few"))); return; }
    const written = await call("PUT", `${address}/papers`, { body: { papers } });
    await again(written.papers_are_enough ? t("papers_said") : t("papers_too_few"));
  });
  return cardForm(t("step_papers"), t("step_papers_hint"), [group], t("papers_seen"), send, { kind: found.papers_are_enough ? "" : "primary" });
}

function nameForm(found, address, again) {
  if (!found.papers_are_enough) return card(t("step_name"), el("p", { class: "hint" }, t("first_the_step_before")));
  const name = field(t("name"), { hint: t("name_hint"), autocomplete: "off", maxlength: 60, value: found.name || "" });
  const options = [["none", t("mobile_none")], ["new", t("mobile_new")]];
  if (found.mobile) options.unshift(["stays", t("mobile_stays", { mobile: found.mobile })]);
  const what = choice(t("mobile_choice"), options, { value: found.mobile ? "stays" : "none" });
  const mobile = field(t("mobile_number"), { hint: t("mobile_number_hint"), type: "tel", autocomplete: "off", maxlength: 14 });
  const warning = found.mobile && el("p", { class: "hint" }, t("mobile_change_detail"));
  const show = () => { mobile.block.hidden = what.input.value !== "new"; if (warning) warning.hidden = what.input.value === "stays"; };
  what.input.addEventListener("change", show);
  show();
  const tongue = choice(t("language_choice"), [["zh-TW", "中文"], ["en", "English"]], { value: found.language || "zh-TW" });
  const send = (pressed, problem) => {
    if (!allFilled(name) || (what.input.value === "new" && !allFilled(mobile))) return;
    busy(pressed, problem, async () => {
      const body = { name: name.input.value.trim(), language: tongue.input.value };
      if (what.input.value === "none") body.mobile = null;
      if (what.input.value === "new") body.mobile = mobile.input.value.trim();
      await call("PUT", `${address}/person`, { body });
      await again(t("written_said"));
    });
  };
  return cardForm(t("step_name"), null, [name.block, what.block, warning, mobile.block, tongue.block], t("write_down"), send,
    { kind: found.is_written_down ? "" : "primary" });
}

function proofCard(found, address, again) {
  if (found.is_proved_here) return card(t("step_prove"), notice("good", t("proved_said")));
  if (!found.is_written_down) return card(t("step_prove"), el("p", { class: "hint" }, t("first_the_step_before")));
  const problem = el("div");
  const prove = button(t("prove"), async () => {
    if (!await confirmed(t("prove_ask"), t("prove_ask_detail"), t("prove"))) return;
    await busy(prove, problem, async () => { await call("POST", `${address}/proof`, { body: {} }); await again(t("proved_said")); });
  }, { kind: "primary" });
  return card(t("step_prove"), el("p", { class: "hint" }, t("step_prove_hint")), problem, el("div", { class: "actions" }, prove));
}

function afterProof(found, address) {
  return [el("h2", {}, t("step_after")), codeCard(address), cardCard(address), visitCard(address)];
}

function codeCard(address) {
  const problem = el("div");
  const made = el("div", { role: "status" });
  const make = button(t("give_code_button"), () => busy(make, problem, async () => {
    const slip = await call("POST", `${address}/codes`, { body: {} });
    const shown = el("p", { class: "large-code", lang: "en" }, slip.code);
    fill(made, notice("good", t("code_said"), shown, el("p", {}, t("code_until", { at: momentText(slip.expires_at) })),
      el("div", { class: "actions" }, sheetLink(slip.sheet, "enrolment-code.pdf"), button(t("print_screen"), () => window.print()))));
    focusOn(made);
  }));
  return card(t("give_code"), el("p", { class: "hint" }, t("give_code_hint")), problem, el("div", { class: "actions" }, make), made);
}

function cardCard(address) {
  const entry = { type: "password", inputmode: "numeric", autocomplete: "off", maxlength: 6 };
  const pin = field(t("pin"), { hint: t("pin_hint"), ...entry });
  const again = field(t("pin_again"), entry);
  const made = el("div", { role: "status" });
  const send = (pressed, problem) => {
    pin.setError("");
    again.setError("");
    if (!/^[0-9]{6}$/.test(pin.input.value)) { pin.setError(t("pin_wrong")); return; }
    if (pin.input.value !== again.input.value) { again.setError(t("pin_differs")); return; }
    busy(pressed, problem, async () => {
      const body = { pin: pin.input.value };
      for (const each of [pin, again]) each.input.value = "";
      const issued = await call("POST", `${address}/cards`, { body });
      fill(made, notice("good", t("card_said"), el("div", { class: "actions" }, sheetLink(issued.sheet, "printed-card.pdf"))));
      focusOn(made);
    });
  };
  return el("div", {}, cardForm(t("give_card"), t("give_card_hint"), [pin.block, again.block], t("give_card_button"), send, { kind: "" }), made);
}

function visitCard(address) {
  const problem = el("div");
  const begin = button(t("together_button"), () => busy(begin, problem, async () => {
    beginVisit(await call("POST", `${address}/visits`, { body: {} }));
    await go("/desk/counter/visit");
  }));
  return card(t("together"), el("p", { class: "hint" }, t("together_hint")), problem, el("div", { class: "actions" }, begin));
}

/** The paper to hand over. It is kept by this page alone. */
function sheetLink(base64, name) {
  const bytes = Uint8Array.from(window.atob(base64), (character) => character.charCodeAt(0));
  const address = URL.createObjectURL(new Blob([bytes], { type: "application/pdf" }));
  return el("a", { class: "button primary", href: address, download: name, target: "_blank" }, t("print_sheet"));
}
