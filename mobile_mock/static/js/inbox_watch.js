// Looks for new messages every ten seconds while the phone is being looked at, and whenever one is pushed; says when one came.
import { call } from "./api.js";
import { announce } from "./dom.js";
import { t } from "./language.js";
import { change, state } from "./state.js";

const EVERY_MS = 10_000;

/** Start watching; runs as long as the page lives, and rests while it is hidden or nobody is signed in. */
export function keepInboxFresh() {
  window.setInterval(() => { if (document.visibilityState === "visible") lookForMessages(); }, EVERY_MS);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") lookForMessages(); });
  navigator.serviceWorker?.addEventListener("message", (event) => { if (event.data?.kind === "message") lookForMessages(); });
  lookForMessages();
}

/** Ask once. A newer message than last time is announced, once, however it was heard of. */
export async function lookForMessages() {
  if (!state.me || !navigator.onLine) return;
  let page;
  try {
    page = await call("GET", "/v1/inbox?limit=1", { quiet: true });
  } catch {
    return;
  }
  const [newest] = page.items;
  const isNew = newest && state.newestMessageId && newest.id !== state.newestMessageId && !newest.read_at;
  change({ unread: page.unread, newestMessageId: newest ? newest.id : "none" });
  if (isNew) {
    announce(t("new_message", { title: newest.title }));
    window.dispatchEvent(new CustomEvent("phone:message", { detail: newest }));
  }
}
