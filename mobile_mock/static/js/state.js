// What the phone knows between screens: who is signed in, this installation's settings, unread messages.

export const state = {
  me: null,
  acting: undefined,
  config: { demo: false, sandbox_url: null, people: [], districts: [] },
  unread: 0,
  newestMessageId: null,
};

const listeners = new Set();

/** Be told when `state` changes. */
export function onChange(listener) {
  listeners.add(listener);
}

export function change(values) {
  Object.assign(state, values);
  for (const listener of listeners) listener(state);
}

const RETURN_TO = "phone.return-to";

/** Where to go on after a detour (sign-in, the bank's page). Only paths of the phone itself. */
export function keepReturn(path) {
  window.sessionStorage.setItem(RETURN_TO, path);
}

/** That path, or null. */
export function keptReturn() {
  const path = window.sessionStorage.getItem(RETURN_TO);
  return isInside(path) ? path : null;
}

/** The same, and it is kept no longer. */
export function takeReturn() {
  const path = keptReturn();
  window.sessionStorage.removeItem(RETURN_TO);
  return path;
}

/** Whether this is a path of the phone itself. */
export function isInside(path) {
  return Boolean(path) && /^\/app(?:[/?]|$)/.test(path);
}
