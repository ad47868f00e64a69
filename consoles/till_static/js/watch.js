// What this branch takes, as it comes in: asked every few seconds, also what customers pay by the printed QR without this till's doing.
import { call } from "./api.js";
import { today } from "./words.js";

const EVERY_MS = 3000;
const OPEN = ["awaiting_citizen", "held"];

/** Begins with `start()`; `onArrived(redemption)` for each payment by the shop's own QR that was not there before, once it is done. */
export function watchDay({ onArrived }) {
  let items = [];
  let cursor = null;
  let day = today();
  let isLoaded = false;
  let timer = 0;
  let isRunning = false;
  const waitedFor = new Set();
  const listeners = new Set();

  const look = async () => {
    window.clearTimeout(timer);
    if (!isRunning) return;
    try {
      const asked = today();
      const page = await call("GET", `/v1/merchant/redemptions?day=${asked}&limit=50`);
      if (!isRunning) return;
      const known = new Set(asked === day ? items.map(({ id }) => id) : []);
      const arrived = page.items.filter((each) => each.presented === "shop_code" && isLoaded && (waitedFor.has(each.id) || !known.has(each.id)));
      for (const each of page.items) {
        if (OPEN.includes(each.status)) waitedFor.add(each.id);
        else waitedFor.delete(each.id);
      }
      const hasChanged = !isLoaded || JSON.stringify(page.items) !== JSON.stringify(items);
      [items, cursor, day, isLoaded] = [page.items, page.next_cursor, asked, true];
      if (hasChanged) for (const listener of listeners) listener();
      for (const each of arrived.filter(({ status }) => status === "done")) onArrived(each);
    } catch (failure) {
      // That nobody answers is shown by the frame; a till that was turned away is led elsewhere.
      if (failure.status === 401 || failure.status === 403) return;
    }
    timer = window.setTimeout(look, EVERY_MS);
  };

  return {
    items: () => items,
    cursor: () => cursor,
    day: () => day,
    isLoaded: () => isLoaded,
    look,
    start() { if (!isRunning) { isRunning = true; look(); } },
    stop() { isRunning = false; isLoaded = false; items = []; window.clearTimeout(timer); },
    /** Call `listener` whenever something has changed, until `signal` aborts. */
    onChange(listener, signal) {
      listeners.add(listener);
      signal.addEventListener("abort", () => listeners.delete(listener));
    },
  };
}
