// One shop of mine: how it stands, what to do next, and the account it is paid to.
import { call } from "../api.js";
import { announce, el, focusOn } from "../dom.js";
import { money, momentText } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, confirmed, facts, field, heading, mark, notice } from "../parts.js";
import { pointsText } from "../point_words.js";
import { go } from "../router.js";
import { HOME, TONES } from "./owner.js";

const STEPS = {
  enter_account: "account", enter_code: "account", other_account: "account", wait_for_credit: "account", add_branch: "branches", add_staff: "staff", add_till: "tills",
};
const CAN_LEAVE = ["applied", "approved", "suspended"];
const DOORS = [["account", "bank"], ["branches", "pin"], ["staff", "people"], ["tills", "qr"], ["offers", "gift"], ["money", "coins"]];

/** The shop of an address. */
export function shopOf(path, signal) {
  return call("GET", `/v1/merchants/${encodeURIComponent(path.id)}`, { signal });
}

/** The head of a screen about one shop. */
export function shopHeading(shop, title) {
  return [heading(title, { back: `${HOME}/${shop.id}`, backText: shop.name })];
}

export async function ownShop({ path, signal }) {
  const shop = await shopOf(path, signal);
  return {
    title: shop.name,
    content: [heading(shop.name, { back: HOME, backText: t("own_title") }),
      el("section", { class: "card" }, facts([
        [t("own_status"), mark(TONES[shop.status], shop.status_name)],
        shop.status_reason && [t("own_why"), shop.status_reason],
        [t("own_business_id"), el("span", { class: "mono" }, shop.business_id)],
        [t("own_category"), shop.category_name],
        [t("own_phone"), shop.phone],
        shop.closed_at && [t("own_closed_on"), momentText(shop.closed_at)],
        shop.unsettled_points !== 0 && [t("own_unsettled"), pointsText(shop.unsettled_points)],
        shop.unpaid !== 0 && [t("own_unpaid"), money(shop.unpaid)],
      ])),
      el("h2", { class: "section-title" }, t("own_next")),
      el("ul", { class: "list", role: "list" }, shop.next_steps.map(({ code, text }) => el("li", { class: STEPS[code] ? "row" : "row plain" },
        STEPS[code] ? el("a", { class: "row-link", href: `${HOME}/${shop.id}/${STEPS[code]}` }, el("span", { class: "row-words" }, text), icon("forward"))
          : el("span", { class: "row-words" }, text)))),
      el("nav", { class: "doors", "aria-label": t("own_doors") }, DOORS.map(([name, iconName]) =>
        el("a", { class: "door", href: `${HOME}/${shop.id}/${name}` }, icon(iconName, "large-icon"), el("span", {}, t(`own_door_${name}`))))),
      el("p", { class: "hint" }, t("own_till_at"), " ", el("span", { class: "mono" }, `${window.location.origin}/till`)),
      CAN_LEAVE.includes(shop.status) && leaving(shop)],
  };
}

/** Taking points no more, at the bottom of all, and asked once more before it is done. */
function leaving(shop) {
  const problem = el("div");
  const leave = button(t("own_leave"), async () => {
    if (!await confirmed(t("own_leave_confirm", { shop: shop.name }), t("own_leave_text"), t("own_leave"), { dangerous: true })) return;
    busy(leave, problem, async () => {
      await call("POST", `/v1/merchants/${shop.id}/closing`);
      announce(t("own_left"));
      await go(`${HOME}/${shop.id}`, { replace: true });
    });
  }, { kind: "wide quiet" });
  return el("details", { class: "own-leave" }, el("summary", {}, t("own_leave_title")), el("p", { class: "hint" }, t("own_leave_text")), problem, leave);
}

export async function ownAccount({ path, signal }, { said } = {}) {
  const shop = await shopOf(path, signal);
  const title = t("own_door_account");
  const { account, proof } = shop;
  const waits = proof && ["sending", "sent"].includes(proof.status);
  return {
    title,
    content: [...shopHeading(shop, title), said && notice("good", said),
      account && el("section", { class: "card" }, el("h2", {}, t("own_account_now")), facts([[t("own_bank"), account.bank_code], [t("own_account"), el("span", { class: "mono" }, account.account)]]),
        account.refused && notice("bad", t("own_account_refused"), el("p", {}, account.refused))),
      proof && proof.status !== "proven" && proof.status !== "replaced" && el("section", { class: "card" }, el("h2", {}, t("own_proof")),
        facts([[t("own_account"), el("span", { class: "mono" }, `${proof.bank_code} ${proof.account}`)], [t("own_status"), t(`own_proof_${proof.status}`)], proof.reason && [t("own_why"), el("span", { class: "mono" }, proof.reason)]]),
        proof.status === "sent" && codeForm(shop)),
      accountForm(shop, Boolean(account || waits))],
  };
}

function codeForm(shop) {
  const problem = el("div");
  const code = field(t("own_code"), { inputmode: "numeric", autocomplete: "one-time-code", maxlength: "6", hint: t("own_code_hint", { n: shop.proof.tries_left }) });
  const send = button(t("own_code_send"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    const typed = code.input.value.trim();
    code.setError(/^[0-9]{6}$/.test(typed) ? "" : t("own_code_wrong"));
    if (code.input.hasAttribute("aria-invalid")) { focusOn(code.input); return; }
    busy(send, problem, async () => {
      await call("POST", `/v1/merchants/${shop.id}/bank-account/proof`, { body: { code: typed } });
      announce(t("own_proven"));
      await go(`/app/me/shops/${shop.id}`);
    });
  };
  return el("form", { class: "form", novalidate: true, on: { submit } }, code.block, problem, send);
}

function accountForm(shop, isAnother) {
  const problem = el("div");
  const bank = field(t("own_bank"), { inputmode: "numeric", maxlength: "3", hint: t("own_bank_hint") });
  const account = field(t("own_account"), { inputmode: "numeric", maxlength: "16", autocomplete: "off", hint: t("own_account_hint") });
  const send = button(t("own_account_send"), null, { kind: "wide primary", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    bank.setError(/^[0-9]{3}$/.test(bank.input.value.trim()) ? "" : t("own_bank_wrong"));
    const digits = account.input.value.replace(/[\s-]/g, "");
    account.setError(/^[0-9]{6,16}$/.test(digits) ? "" : t("own_account_wrong"));
    const wrong = [bank, account].find(({ input }) => input.hasAttribute("aria-invalid"));
    if (wrong) { focusOn(wrong.input); return; }
    busy(send, problem, async () => {
      await call("PUT", `/v1/merchants/${shop.id}/bank-account`, { body: { bank_code: bank.input.value.trim(), account: digits } });
      announce(t("own_account_sent"));
      await go(`/app/me/shops/${shop.id}/account`, { replace: true });
    });
  };
  return el("form", { class: "card form", novalidate: true, on: { submit } }, el("h2", {}, t(isAnother ? "own_account_other" : "own_account_enter")), el("p", {}, t("own_account_how")), bank.block, account.block, problem, send);
}
