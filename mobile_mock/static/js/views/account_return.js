// Back from a provider's page: signed in, or why not, in plain words.
import { el } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { buttonLink, heading } from "../parts.js";
import { passkeysWork } from "../passkeys.js";
import { go } from "../router.js";
import { offered } from "../sign_in_methods.js";
import { state, takeReturn } from "../state.js";
import { drawPasskeyOffer } from "./sign_in.js";

const LINKED = "/app/me/linked-accounts";
const OUTCOMES = {
  "federation-cancelled": ["info", "outcome_cancelled"],
  "federation-ended": ["warn", "outcome_ended"],
  "federation-refused": ["bad", "outcome_refused"],
  "account-linked": ["warn", "outcome_linked"],
  "account-linked-to-you": ["info", "outcome_yours"],
  "method-shut": ["bad", "outcome_shut"],
  "other-person": ["warn", "outcome_person"],
  unavailable: ["warn", "outcome_unavailable"],
};

/** What came of going there, and what can be done now. */
export async function accountReturn({ query, signal }, { refreshMe }) {
  const outcome = query.get("outcome");
  await refreshMe();
  if (outcome === "signed-in" && state.me) return arrived({ signal, refreshMe });
  const provider = ["line", "google", "apple", "mobile_id"].find((known) => known === query.get("provider"));
  const [tone, key] = OUTCOMES[outcome] || ["warn", "outcome_unknown"];
  const title = t(key);
  return {
    title,
    content: [heading(title), el("section", { class: "card" }, el("div", { class: "dialog-icon" }, icon(tone === "bad" ? "overdue" : "info")),
      el("p", {}, t(`${key}_detail`)), el("div", { class: "actions" }, waysOn(outcome, provider)))],
  };
}

/** Signed in: on to where they were going, with a passkey for this phone offered where one can be made now. */
async function arrived({ signal, refreshMe }) {
  const passkey = (await offered({ signal })).find((item) => item.method === "passkey");
  if (passkeysWork() && passkey && !passkey.is_set_up && passkey.can_be_set_up_now) {
    const title = t("outcome_signed_in");
    const card = el("section", { class: "card" });
    drawPasskeyOffer({ card, signal, refreshMe });
    return { title, content: [heading(title), card] };
  }
  go(takeReturn() || "/app", { replace: true });
  return null;
}

function waysOn(outcome, provider) {
  if (state.me) {
    const isSocial = provider && provider !== "mobile_id";
    return buttonLink(t("outcome_go_on"), isSocial && outcome !== "other-person" ? LINKED : "/app", { kind: "primary wide" });
  }
  return [provider && outcome !== "method-shut" && buttonLink(t("outcome_try_again"), `/app/sign-in?method=${provider}`, { kind: "primary wide" }),
    buttonLink(t("outcome_other_ways"), "/app/sign-in", { kind: "quiet wide" })];
}
