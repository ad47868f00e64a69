// Offering a delegation: to be acted for, or to act. Everything is said in plain words once more before it is sent.
import { call } from "../api.js";
import { isCitizenNumber, normalise } from "../citizen_number.js";
import { announce, el } from "../dom.js";
import { dateText } from "../format.js";
import { t } from "../language.js";
import { busy, button, confirmed, field, fieldError, heading } from "../parts.js";
import { go } from "../router.js";

const SCOPES = ["rides:book", "rides:read", "bills:read", "payments:pay", "points:read"];
const DAY_MS = 86_400_000;

export async function offerDelegation({ query }) {
  const role = query.get("role") === "agent" ? "agent" : "principal";
  const title = t(`delegation_offer_${role}`);
  const problem = el("div");
  const number = field(t("delegation_other_number"), { hint: t("delegation_other_number_hint"), name: "number", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: "20" });
  const until = field(t("delegation_until"), { hint: t("delegation_until_hint"), type: "date", name: "until", min: dayIn(0), max: dayIn(365), value: dayIn(90) });
  const missing = fieldError();
  const pay = limits();
  const boxes = SCOPES.map((scope) => el("label", { class: "choice" }, el("input", { type: "checkbox", class: "check", name: "scope", value: scope }),
    el("span", {}, t(`scope_${scope}`), el("span", { class: "hint" }, t(`scope_${scope}_hint`)))));
  const guardian = el("input", { type: "checkbox", class: "check", name: "guardian" });
  const next = button(t("delegation_offer_send"), null, { kind: "primary wide", type: "submit" });
  const changed = () => { pay.block.hidden = !chosen(form).includes("payments:pay"); until.block.hidden = guardian.checked; };
  const submit = (event) => {
    event.preventDefault();
    const scopes = chosen(form);
    number.setError(isCitizenNumber(normalise(number.input.value)) ? "" : t("delegation_number_wrong"));
    missing.say(scopes.length === 0 ? t("delegation_scope_missing") : "");
    until.setError(guardian.checked || until.input.value ? "" : t("delegation_until_missing"));
    const wrong = form.querySelector("[aria-invalid]") || (scopes.length === 0 && form.querySelector("input[name=scope]")) || (!pay.isRight() && pay.block.querySelector("[aria-invalid]"));
    if (wrong) return wrong.focus();
    return send();
  };
  const send = async () => {
    const scopes = chosen(form);
    const body = {
      my_role: role, national_id: normalise(number.input.value), basis: guardian.checked ? "guardianship_record" : "agreement",
      scopes: scopes.map((scope) => (scope === "payments:pay" ? { scope, ...pay.values() } : { scope })),
      ends_on: guardian.checked ? null : until.input.value,
    };
    const words = t(`delegation_sure_${role}`, { what: scopes.map((scope) => t(`scope_${scope}`)).join(t("and_so")), until: body.ends_on ? dateText(body.ends_on) : t("delegation_no_end") });
    if (!(await confirmed(title, words, t("delegation_offer_send")))) return;
    await busy(next, problem, async () => {
      const made = await call("POST", "/v1/me/delegations", { body });
      announce(t("delegation_offered"));
      await go(`/app/me/delegations/${made.id}`, { replace: true });
    });
  };
  const form = el("form", { class: "form", novalidate: true, on: { submit, change: changed } },
    number.block,
    el("fieldset", { class: "choices", "aria-describedby": missing.id }, el("legend", {}, t(`delegation_what_${role}`)), boxes, missing.element),
    pay.block,
    role === "agent" && el("label", { class: "choice" }, guardian, el("span", {}, t("delegation_guardian"), el("span", { class: "hint" }, t("delegation_guardian_hint")))),
    until.block, problem, next);
  changed();
  return { title, content: [heading(title, { back: "/app/me/delegations", backText: t("delegations_title") }), el("p", {}, t(`delegation_offer_${role}_detail`)), el("section", { class: "card" }, form)] };
}

/** For paying: one vehicle only, so much at a time, so much a month; each may stay open. */
function limits() {
  const vehicle = field(t("delegation_plate"), { hint: t("delegation_plate_hint"), name: "plate", autocomplete: "off", autocapitalize: "characters", maxlength: "10" });
  const once = field(t("delegation_per_payment"), { name: "per_payment", inputmode: "numeric", autocomplete: "off", maxlength: "8" });
  const month = field(t("delegation_per_month"), { name: "per_month", inputmode: "numeric", autocomplete: "off", maxlength: "8" });
  const plateText = () => vehicle.input.value.normalize("NFKC").replace(/\s/g, "").toUpperCase();
  const amount = ({ input }) => Number(input.value.normalize("NFKC").replace(/,/g, "")) || null;
  const isAmount = ({ input }) => /^([1-9][0-9]{0,6})?$/.test(input.value.normalize("NFKC").replace(/,/g, ""));
  return {
    block: el("div", { class: "limits", role: "group", "aria-label": t("scope_payments:pay") }, vehicle.block, once.block, month.block),
    values: () => ({ plate: plateText() || null, per_payment: amount(once), per_month: amount(month) }),
    isRight: () => {
      const isPlate = /^([0-9A-Z]{2,4}-[0-9A-Z]{2,4})?$/.test(plateText());
      vehicle.setError(isPlate ? "" : t("plate_wrong"));
      once.setError(isAmount(once) ? "" : t("delegation_amount_wrong"));
      month.setError(isAmount(month) ? "" : t("delegation_amount_wrong"));
      return isPlate && isAmount(once) && isAmount(month);
    },
  };
}

function chosen(form) {
  return new FormData(form).getAll("scope");
}

/** The day in Taipei so many days ahead, as a date field wants it. */
function dayIn(days) {
  return new Date(Date.now() + days * DAY_MS).toLocaleDateString("sv-SE", { timeZone: "Asia/Taipei" });
}
