// Asking again while somebody looks: after a pause, and at once when the page comes back to sight or the network is back.

/** `look()` asks and draws; `pauseOf()` answers the milliseconds until the next time, or null once nothing more will change. */
export function keepLooking(look, pauseOf, signal) {
  let timer = 0;
  let isLooking = false;
  const plan = () => {
    window.clearTimeout(timer);
    const pause = pauseOf();
    if (pause !== null && !signal.aborted) timer = window.setTimeout(turn, pause);
  };
  const turn = async () => {
    if (signal.aborted || isLooking) return;
    if (document.visibilityState === "visible") {
      isLooking = true;
      try {
        await look();
      } catch {
        // The next look may reach the city.
      }
      isLooking = false;
    }
    plan();
  };
  const atOnce = () => { if (pauseOf() !== null) turn(); };
  document.addEventListener("visibilitychange", atOnce, { signal });
  window.addEventListener("online", atOnce, { signal });
  plan();
}
