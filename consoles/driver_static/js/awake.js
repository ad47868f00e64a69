// Beside the wheel the screen must not go dark; where the browser cannot promise that, it just may.

/** Keep the screen on until `signal` aborts. A lock ends when the page is hidden, so it is asked for again when it comes back. */
export function keepAwake(signal) {
  let lock = null;
  const ask = async () => {
    try {
      if (document.visibilityState === "visible") lock = await navigator.wakeLock?.request("screen");
      if (signal.aborted) lock?.release();
    } catch {
      // Low battery, or a hidden page: the phone decides.
    }
  };
  document.addEventListener("visibilitychange", ask, { signal });
  signal.addEventListener("abort", () => lock?.release(), { once: true });
  ask();
}
