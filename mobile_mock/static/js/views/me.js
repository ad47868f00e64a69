// Me: who the city thinks I am, how the phone speaks to me, and the way out.
import { stopActing } from "../acting.js";
import { call } from "../api.js";
import { turnOff } from "../device.js";
import { el } from "../dom.js";
import { languageButton } from "../frame.js";
import { icon } from "../icons.js";
import { TEXT_SIZES, setTextSize, t, textSize } from "../language.js";
import { busy, button, facts, heading } from "../parts.js";
import { forgetPayKey } from "../pay_key.js";
import { go } from "../router.js";
import { change, state } from "../state.js";

export async function me(_place, { onLanguage }) {
  const title = t("me_title");
  const person = state.me;
  const level = person.acr.split(":").pop();
  return {
    title,
    content: [heading(title),
      el("section", { class: "card identity" }, el("div", { class: "identity-icon" }, icon("me")),
        facts([[t("national_id"), el("span", { class: "mono" }, person.national_id)], [t("mobile"), el("span", { class: "mono" }, person.mobile || t("first_mobile_none"))],
          [t("sign_in_strength"), t(`loa_${level}`)]])),
      el("ul", { class: "list", role: "list" },
        !person.mobile && place("/app/me/mobile", "phone", "first_mobile_title", "first_mobile_hint"),
        place("/app/me/vehicles", "car", "vehicles_title", "vehicles_hint"),
        place("/app/me/banks", "bank", "banks_title", "banks_hint"),
        place("/app/me/cards", "card", "cards_title", "cards_hint"),
        place("/app/automatic-debits", "repeat", "automatic_title", "automatic_hint"),
        place("/app/me/receipts", "bills", "receipts_title", "receipts_hint"),
        place("/app/me/overpayments", "coins", "overpayments_title", "overpayments_hint"),
        place("/app/me/shops", "store", "own_title", "own_hint"),
        place("/app/notifications", "bell", "notifications_title", "notifications_hint"),
        place("/app/me/this-device", "phone", "device_title", "device_hint"),
        place("/app/me/delegations", "people", "delegations_title", "delegations_hint"),
        place("/app/me/consents", "shield", "consents_title", "consents_hint"),
        place("/app/me/access-log", "eye", "access_log_title", "access_log_hint"),
        place("/app/me/linked-accounts", "leave", "linked_title", "linked_hint"),
        place("/app/me/security", "key", "security_title", "security_hint")),
      el("section", { class: "card" }, el("h2", {}, t("reading_title")),
        el("div", { class: "setting" }, el("span", {}, t("language")), languageButton(onLanguage, "button small quiet")),
        textSizes()),
      signOut()],
  };
}

function place(href, iconName, titleKey, hintKey) {
  return el("li", { class: "row" }, el("a", { class: "row-link", href }, icon(iconName, "large-icon"),
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, t(titleKey)), el("span", { class: "hint" }, t(hintKey))), icon("forward")));
}

function textSizes() {
  const chosen = textSize();
  return el("fieldset", { class: "choices in-line" }, el("legend", {}, t("text_size")), TEXT_SIZES.map((size) => el("label", { class: "choice small" },
    el("input", { type: "radio", class: "radio", name: "text-size", value: size, checked: size === chosen, on: { change: () => { setTextSize(size); change({}); } } }),
    el("span", {}, t(`text_size_${size}`)))));
}

function signOut() {
  const problem = el("div");
  const leave = button(t("sign_out"), () => busy(leave, problem, async () => {
    await turnOff();
    await forgetPayKey();
    await call("POST", "/v1/auth/logout", { body: {}, quiet: true, outlivesPage: true });
    window.sessionStorage.clear();
    stopActing();
    change({ me: null, unread: 0, newestMessageId: null });
    go("/app/sign-in");
  }), { kind: "quiet wide", iconName: "leave" });
  return el("div", {}, problem, leave);
}
