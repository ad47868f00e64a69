// Hears within a second what became of a code at a till: asks for the newest redemptions as long as somebody looks at the screen.
import { call } from "./api.js";

const AGAIN_MS = 700;
const AFTER_FAILURE_MS = 3000;
const LOOKED_AT = 5;

/**
 * `onNews(redemption)` for each that is new or changed since this began (also where the network comes back only later), and
 * at once for those that wait for the person's answer; ends with `signal`.
 */
export function watchRedemptions(signal, onNews) {
  const known = new Map();
  // The API writes moments in whole seconds.
  const beganAt = Math.floor(Date.now() / 1000) * 1000;
  let isFirst = true;
  let timer = 0;
  const look = async () => {
    let pause = AGAIN_MS;
    try {
      const { items } = await call("GET", `/v1/points/redemptions?limit=${LOOKED_AT}`, { signal, quiet: true });
      for (const item of items.reverse()) {
        const isNews = isFirst ? item.status === "awaiting_citizen" || Date.parse(item.created_at) >= beganAt : known.get(item.id) !== item.status;
        known.set(item.id, item.status);
        if (isNews) onNews(item);
      }
      isFirst = false;
    } catch {
      pause = AFTER_FAILURE_MS;
    }
    plan(pause);
  };
  const plan = (pause) => {
    window.clearTimeout(timer);
    if (!signal.aborted && document.visibilityState === "visible") timer = window.setTimeout(look, pause);
  };
  document.addEventListener("visibilitychange", () => plan(0), { signal });
  window.addEventListener("online", () => plan(0), { signal });
  signal.addEventListener("abort", () => window.clearTimeout(timer), { once: true });
  look();
}
