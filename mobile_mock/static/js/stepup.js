// "Please show once more that it is you": when the API asks for a stronger or fresher sign-in, in a dialog, with a passkey.
import { Declined } from "./api.js";
import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./language.js";
import { button, busy, freshId } from "./parts.js";
import { addPasskey, passkeysWork, signInWithPasskey } from "./passkeys.js";
import { state } from "./state.js";

let running = null;

/** Resolves when a stronger session stands; raises Declined when the person turns it down. Asked twice, it asks once. */
export function proveAgain({ refreshMe, onOtherPerson }) {
  running ||= ask({ refreshMe, onOtherPerson }).finally(() => { running = null; });
  return running;
}

function ask({ refreshMe, onOtherPerson }) {
  const hasPasskey = (state.me?.passkeys || []).length > 0;
  const id = freshId("dialog");
  return new Promise((resolve, reject) => {
    const problem = el("div");
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": id, on: {
      close: () => { dialog.remove(); if (dialog.returnValue === "proved") resolve(); else reject(new Declined()); },
    } });
    const prove = button(t(hasPasskey ? "use_passkey" : "add_passkey"), () => busy(prove, problem, async () => {
      const before = state.me?.id;
      const session = hasPasskey ? await signInWithPasskey() : await addPasskey(t("passkey_default_name"));
      await refreshMe();
      dialog.close(before && session.person_id !== before ? "other" : "proved");
      if (before && session.person_id !== before) onOtherPerson();
    }), { kind: "primary", iconName: "finger" });
    fill(dialog, el("div", { class: "dialog-icon" }, icon("shield")), el("h2", { id }, t(hasPasskey ? "step_up" : "step_up_first")),
      el("p", {}, t(hasPasskey ? "step_up_detail" : "step_up_first_detail")), problem,
      passkeysWork() ? null : el("p", {}, t("passkeys_unsupported")),
      el("div", { class: "actions" }, passkeysWork() && prove, button(t("cancel"), () => dialog.close("no"), { kind: "quiet" })));
    document.body.append(dialog);
    dialog.showModal();
  });
}
