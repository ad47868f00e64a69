// "Send messages to this phone": registers this phone as a device, and takes it back.
import { call } from "../api.js";
import { announce, el } from "../dom.js";
import { t } from "../language.js";
import { busy } from "../parts.js";

const DEVICE = "phone.device";

/** The switch, as it stands on this phone. */
export function pushSwitch() {
  const problem = el("div");
  const box = el("input", { type: "checkbox", class: "check", checked: Boolean(window.localStorage.getItem(DEVICE)), on: { change: () => busy(box, problem, async () => {
    const wanted = box.checked;
    box.checked = !wanted;
    if (wanted) await register(); else await forget();
    box.checked = wanted;
    announce(t(wanted ? "push_on" : "push_off"));
  }) } });
  return el("div", {}, el("label", { class: "setting" }, el("span", {}, t("push"), el("span", { class: "hint" }, t("push_hint"))), box), problem);
}

/** Firebase knows an app's installation by 22 signs of base64url whose first four bits are 0111. */
function installationId() {
  const bytes = crypto.getRandomValues(new Uint8Array(17));
  bytes[0] = 0x70 | (bytes[0] & 0x0f);
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").slice(0, 22);
}

async function register() {
  if ("Notification" in window && Notification.permission === "default") await Notification.requestPermission();
  const device = await call("POST", "/v1/devices", { body: { kind: "fid", address: installationId(), name: t("passkey_default_name") } });
  window.localStorage.setItem(DEVICE, device.id);
}

async function forget() {
  await call("DELETE", `/v1/devices/${encodeURIComponent(window.localStorage.getItem(DEVICE))}`);
  window.localStorage.removeItem(DEVICE);
}
