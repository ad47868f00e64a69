// Linking an account: at the city's own bank, or at any other through the clearing house; there and back.
import { Refusal, call } from "../api.js";
import { announce, el } from "../dom.js";
import { t } from "../language.js";
import { busy, button, buttonLink, field, freshId, heading, notice } from "../parts.js";
import { go } from "../router.js";
import { isInside, keepReturn, takeReturn } from "../state.js";

/** Leave for the bank's page; afterwards the person is brought back to `returnTo`. `body`: {bank, account_no}, or {} for the city's. */
export async function linkBank(body, returnTo) {
  const link = await call("POST", "/v1/bank-links", { body });
  const address = new URL(link.authorize_url);
  if (!["https:", "http:"].includes(address.protocol)) throw new TypeError("not a web address");
  keepReturn(returnTo);
  window.location.assign(address.href);
}

/** Which bank, and for another than the city's which account. */
export async function chooseBank({ query, signal }) {
  const { items: banks } = await call("GET", "/v1/banks", { signal });
  const then = isInside(query.get("then")) ? query.get("then") : "/app/me/banks";
  const title = t("link_other_bank");
  const problem = el("div");
  const id = freshId("bank");
  const select = el("select", { id, class: "input", required: true }, banks.filter((bank) => bank.needs_account)
    .map((bank) => el("option", { value: bank.bank }, `${bank.bank}　${bank.name}`)));
  const account = field(t("account_no"), { hint: t("account_no_hint"), inputmode: "numeric", autocomplete: "off", maxlength: "18", class: "input mono" });
  const send = button(t("link_other_send"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    const digits = account.input.value.normalize("NFKC").replace(/[\s-]/g, "");
    account.setError(/^[0-9]{6,14}$/.test(digits) ? "" : t("account_no_wrong"));
    if (account.input.hasAttribute("aria-invalid")) return account.input.focus();
    return busy(send, problem, () => linkBank({ bank: select.value, account_no: digits }, then));
  };
  return {
    title,
    content: [heading(title, { back: then, backText: t("back") }),
      notice("info", t("link_other_about"), el("p", {}, t("link_other_about_detail"))),
      el("form", { class: "card form", novalidate: true, on: { submit } },
        el("div", { class: "field" }, el("label", { for: id }, t("bank")), select), account.block, problem, send)],
  };
}

/** The bank has sent the person back: finish the link, or say in plain words why there is none. */
export async function bankReturn({ query }) {
  const title = t("bank_return_title");
  const onward = takeReturn() || "/app/me/banks";
  const state = query.get("state") || "";
  const again = buttonLink(t("back_on"), onward, { kind: "primary wide" });
  const address = `/v1/bank-links/${encodeURIComponent(state.split(".")[0])}/completion`;
  const declined = () => ({ title, content: [heading(t("bank_declined")), notice("warn", t("bank_declined"), el("p", {}, t("bank_declined_detail"))), again] });
  if (query.get("error") || !query.get("code")) {
    await call("POST", address, { body: { state, error: query.get("error") || "no_code" } }).catch(() => {});
    return declined();
  }
  try {
    const link = await call("POST", address, { body: { state, code: query.get("code") } });
    if (link.status === "refused") return declined();
    if (link.status === "pending") {
      return { title, content: [heading(t("bank_later")), notice("info", t("bank_later_title", { bank: link.bank_name }), el("p", {}, t("bank_later_detail"))), again] };
    }
    announce(t("bank_linked", { account: link.account }));
    go(onward, { replace: true });
    return null;
  } catch (failure) {
    if (!(failure instanceof Refusal)) {
      keepReturn(onward);
      throw failure;
    }
    return { title, content: [heading(t("bank_declined")), notice("bad", failure.title, failure.detail && el("p", {}, failure.detail)), again] };
  }
}
