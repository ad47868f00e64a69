// "Please show once more that it is you": when the API asks for a stronger or fresher sign-in (RFC 9470), in a dialog that
// offers only what reaches the level asked for.
import { Declined } from "./api.js";
import { el, fill, focusOn } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./language.js";
import { button, busy, freshId, notice, problemPanel } from "./parts.js";
import { AlreadyHere, addPasskey, passkeysWork } from "./passkeys.js";
import { METHODS, methodList, offered } from "./sign_in_methods.js";
import { state } from "./state.js";

let running = null;

/**
 * `asked` is {acr, isPhishingResistant} as the API named them. Resolves when a new session stands; raises Declined when
 * the person turns it down. Asked twice, it asks once.
 */
export function proveAgain(asked, { refreshMe, onOtherPerson }) {
  running ||= ask(asked, { refreshMe, onOtherPerson }).finally(() => { running = null; });
  return running;
}

function ask(asked, { refreshMe, onOtherPerson }) {
  const id = freshId("dialog");
  const leaving = new AbortController();
  return new Promise((resolve, reject) => {
    const body = el("div", { class: "step-up" });
    const title = el("h2", { id, tabindex: "-1" }, t("step_up"));
    const detail = el("p", {}, t("step_up_detail"));
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": id, on: {
      close: () => { leaving.abort(); dialog.remove(); if (dialog.returnValue === "proved") resolve(); else reject(new Declined()); },
    } }, el("div", { class: "dialog-icon" }, icon("shield")), title, detail, body,
    el("div", { class: "actions" }, button(t("cancel"), () => dialog.close("no"), { kind: "quiet" })));
    const page = { asked, body, title, detail, signal: leaving.signal, enter: async (session) => {
      const before = state.me?.id;
      await refreshMe();
      const isOther = Boolean(before) && session.person_id !== before;
      dialog.close(isOther ? "other" : "proved");
      if (isOther) onOtherPerson();
    } };
    document.body.append(dialog);
    dialog.showModal();
    drawWays(page);
  });
}

async function drawWays(page) {
  fill(page.body, el("p", { class: "hint", role: "status" }, t("loading")));
  try {
    const items = await offered({ ...page.asked, signal: page.signal });
    fill(page.body, waysToProve(page, items));
  } catch (failure) {
    if (failure.name !== "AbortError") fill(page.body, problemPanel(failure, { retry: () => drawWays(page) }));
  }
}

/** The passkey first where there is one, or may be made now; the other ways in a list below it. */
function waysToProve(page, items) {
  const passkey = items.find((item) => item.method === "passkey");
  const others = items.filter((item) => item.method !== "passkey" && item.is_set_up !== false);
  const isToAdd = passkey?.is_set_up === false && passkey.can_be_set_up_now;
  const first = isToAdd ? passkeyToAdd(page) : passkey && passkey.is_set_up !== false && passkeyItself(page);
  fill(page.title, t(isToAdd ? "step_up_first" : "step_up"));
  fill(page.detail, t(isToAdd ? "step_up_first_detail" : "step_up_detail"));
  if (!first && others.length === 0) return notice("info", t("step_up_none"), el("p", {}, t("step_up_none_detail")));
  return [first, others.length > 0 && [first && el("h3", { class: "section-title" }, t("other_ways")),
    methodList(others, (item) => drawOne(page, item))]];
}

function passkeyItself(page) {
  const place = el("div", { class: "passkey-entry" });
  METHODS.passkey.draw(around(page, place));
  return place;
}

function passkeyToAdd(page) {
  if (!passkeysWork()) return el("p", {}, t("passkeys_unsupported"));
  const problem = el("div");
  const add = button(t("add_passkey"), () => busy(add, problem, async () => {
    try {
      await page.enter(await addPasskey(t("passkey_default_name"), { mayAsk: false }));
    } catch (failure) {
      if (!(failure instanceof AlreadyHere)) throw failure;
      drawWays(page);
    }
  }), { kind: "primary wide", iconName: "finger" });
  return el("div", { class: "passkey-entry" }, add, problem);
}

function drawOne(page, item) {
  const form = el("div");
  const title = el("h3", {}, item.label);
  const back = () => { focusOn(page.title); drawWays(page); };
  fill(page.body, button(t("all_ways"), back, { kind: "small quiet", iconName: "back" }), title, form);
  focusOn(title);
  METHODS[item.method].draw(around(page, form));
}

function around(page, card) {
  return {
    card,
    signal: page.signal,
    acr: page.asked.acr,
    returnTo: window.location.pathname + window.location.search,
    wants: () => ({ transport: "cookie" }),
    onlyThis: () => {},
    enter: page.enter,
  };
}
