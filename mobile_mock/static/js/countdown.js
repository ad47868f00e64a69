// How long something still stands: for the eye every second, for the ear politely at a few moments.
import { announce, el, fill } from "./dom.js";
import { t } from "./language.js";

/**
 * An element that counts down to `until` (a moment of the API), from `mostSeconds` at the most where this phone's clock is slow.
 * `key` is the text with {n}; it is announced when `sayAt` seconds are left; `onOver()` runs once, at the end.
 */
export function countdown(until, { mostSeconds, key, sayAt = [60, 30, 10], signal, onOver }) {
  const element = el("p", { class: "countdown", role: "timer" });
  const end = Math.min(Date.parse(until), Date.now() + mostSeconds * 1000);
  const count = () => {
    const seconds = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    fill(element, t(key, { n: seconds }));
    if (sayAt.includes(seconds)) announce(t(key, { n: seconds }));
    if (seconds > 0) return;
    window.clearInterval(timer);
    onOver();
  };
  const timer = window.setInterval(count, 1000);
  signal.addEventListener("abort", () => window.clearInterval(timer), { once: true });
  count();
  return element;
}
