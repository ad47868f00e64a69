// Acting for somebody: by which delegation this tab acts, and which requests are made in the other person's name. The
// token itself is in a cookie that no script reads; each request names the delegation, so two tabs never mix people up.
import { change, state } from "./state.js";

const KEPT = "phone.acting";

/** {id, sub, name, scopes} of whom this tab acts for, or null. */
export function acting() {
  if (state.acting === undefined) state.acting = JSON.parse(window.sessionStorage.getItem(KEPT) || "null");
  return state.acting;
}

/** From now on this tab acts for somebody; `begun` is the API's answer. */
export function startActing(begun) {
  const who = { id: begun.delegation_id, sub: begun.sub, name: begun.other.name || begun.other.national_id, scopes: begun.scope.split(" ") };
  window.sessionStorage.setItem(KEPT, JSON.stringify(who));
  change({ acting: who });
}

/** This tab is about its own person again. */
export function stopActing() {
  window.sessionStorage.removeItem(KEPT);
  change({ acting: null });
}

/** Whether something may be done now: by oneself always, for another with the scope. */
export function mayNow(...scopes) {
  const other = acting();
  return !other || scopes.some((scope) => other.scopes.includes(scope));
}

/** The delegation in whose name this is asked of the API unless it is said otherwise; null for one's own. */
export function nameFor(method, path) {
  const other = acting();
  const isTheirs = /^\/v1\/(?:bills(?:[/?]|$)|points(?:\/entries)?(?:\?|$)|(?:rider|rides|ride-requests|ride-series|ride-notices|ride-complaints|waitlist)(?:[/?]|$))/.test(path) || (method === "POST" && path === "/v1/payments");
  return other && isTheirs ? other.id : null;
}
