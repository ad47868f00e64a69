// This phone as an address for push messages.
import { call } from "./api.js";
import { toBase64url } from "./bytes.js";
import { t } from "./language.js";
import { state } from "./state.js";

const DEVICE = "phone.device";

/** Whether the person who is signed in has asked for messages on this phone. */
export function takesPush() {
  return kept() !== null;
}

/**
 * Tell the city this phone's address. The browser's own question whether notifications may be shown is put beside it
 * and not waited for: somebody who leaves it open still gets the messages in the inbox.
 */
export async function registerDevice() {
  if ("Notification" in window && Notification.permission === "default") Notification.requestPermission();
  const device = await call("POST", "/v1/devices", { body: { kind: "fid", address: installationId(), name: t("passkey_default_name") } });
  window.localStorage.setItem(DEVICE, JSON.stringify({ id: device.id, person: state.me.id }));
}

/** Take the address back, so that the next person on this phone sees nothing of this one. */
export async function forgetDevice() {
  const device = kept();
  if (!device) return;
  await call("DELETE", `/v1/devices/${encodeURIComponent(device.id)}`).catch((failure) => { if (failure.status !== 404) throw failure; });
  window.localStorage.removeItem(DEVICE);
}

function kept() {
  const device = JSON.parse(window.localStorage.getItem(DEVICE));
  return device?.person === state.me?.id ? device : null;
}

/** Firebase knows an app's installation by 22 signs of base64url whose first four bits are 0111. */
function installationId() {
  const bytes = crypto.getRandomValues(new Uint8Array(17));
  bytes[0] = 0x70 | (bytes[0] & 0x0f);
  return toBase64url(bytes).slice(0, 22);
}
