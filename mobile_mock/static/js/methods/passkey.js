// Signing in with a passkey: nothing is typed.
import { el, fill } from "../dom.js";
import { t } from "../language.js";
import { busy, button } from "../parts.js";
import { passkeysWork, signInWithPasskey } from "../passkeys.js";

export const icon = "finger";

/** One button; the device asks whose finger it is. In a step-up it says what it is for. */
export function draw(around) {
  if (!passkeysWork()) return fill(around.card, el("p", {}, t("passkeys_unsupported")));
  const problem = el("div");
  const press = button(t(around.acr ? "use_passkey" : "sign_in_passkey"), () => busy(press, problem, async () => {
    around.quiet?.abort();
    await around.enter(await signInWithPasskey({ signal: around.signal, ...around.wants() }));
  }), { kind: around.acr ? "primary wide" : "strong wide", iconName: icon });
  return fill(around.card, press, el("p", { class: "hint" }, t("sign_in_passkey_hint")), problem);
}
