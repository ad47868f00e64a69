// The ways to sign in, by the ids of GET /v1/auth/methods. The sign-in page and the step-up dialog offer what the API
// lists and this phone can draw.
//
// Each is {icon, draw(around)}, where `around` holds
//   card      the element to fill
//   signal    aborts when the person goes elsewhere
//   acr       the level that is asked for, such as "urn:mykaohsiung:loa:3"; null when signing in from nothing
//   returnTo  the phone's path to come back to after a page elsewhere
//   wants()   what every sign-in route is told beside who and how: {transport: "cookie", …}
//   onlyThis(isOnly)  hides the other ways around it while a second step is asked for, and shows them again
//   enter(session) → Promise: to be called with the answer of the route that began the session
import { call } from "./api.js";
import { el } from "./dom.js";
import { icon } from "./icons.js";
import * as certificate from "./methods/certificate.js";
import { apple, google, line, mobileId } from "./methods/federated.js";
import * as passkey from "./methods/passkey.js";
import * as passwordSms from "./methods/password_sms.js";
import * as passwordTotp from "./methods/password_totp.js";
import * as recoveryCode from "./methods/recovery_code.js";

export const METHODS = {
  passkey,
  password_sms: passwordSms,
  password_totp: passwordTotp,
  recovery_code: recoveryCode,
  certificate,
  mobile_id: mobileId,
  line,
  google,
  apple,
};

/** What the API offers and this phone can draw: [{method, label, hint, is_set_up, …}]. */
export async function offered({ acr, isPhishingResistant = false, signal } = {}) {
  const asked = new URLSearchParams();
  if (acr) asked.set("acr", acr);
  if (isPhishingResistant) asked.set("phishing_resistant", "true");
  const query = asked.size ? `?${asked}` : "";
  const { items } = await call("GET", `/v1/auth/methods${query}`, { signal, quiet: true });
  return items.filter((item) => METHODS[item.method]);
}

/** A list of ways to choose from; `choose(item)` draws one. */
export function methodList(items, choose) {
  return el("ul", { class: "list methods", role: "list" }, items.map((item) => el("li", { class: "row" },
    el("button", { type: "button", class: "row-link", on: { click: () => choose(item) } }, icon(METHODS[item.method].icon, "large-icon"),
      el("span", { class: "row-words" }, el("span", { class: "row-title" }, item.label), item.hint && el("span", { class: "hint" }, item.hint)),
      icon("forward")))));
}
