// Four sounds that differ by rhythm and by pitch, made here: no file is loaded, and a till hears them with its back turned.
// [hertz, begins after s, lasts s] each.
const SOUNDS = {
  good: [[880, 0, 0.12], [1320, 0.14, 0.28]],
  bad: [[220, 0, 0.22], [185, 0.28, 0.4]],
  wait: [[660, 0, 0.1], [660, 0.3, 0.1]],
  arrived: [[988, 0, 0.1], [1319, 0.12, 0.1], [1568, 0.24, 0.25]],
};
const BUZZES = { good: [60], bad: [200, 80, 200], wait: [60, 120, 60], arrived: [60, 60, 60, 60, 60] };
const IS_ON = "till.sound";
let context = null;

/** Whether this till is to be heard. */
export function isHeard() {
  return window.localStorage.getItem(IS_ON) !== "off";
}

export function setHeard(isOn) {
  window.localStorage.setItem(IS_ON, isOn ? "on" : "off");
}

/** Browsers play nothing before somebody has touched the page: from the first touch on they do. */
export function wakeOnTouch() {
  const wake = () => {
    context ??= window.AudioContext ? new AudioContext() : null;
    context?.resume();
  };
  for (const event of ["pointerdown", "keydown"]) document.addEventListener(event, wake, { capture: true });
}

/** good, bad, wait or arrived; what was played last is written on the page for whoever tests or cannot hear it. */
export function play(name) {
  document.documentElement.dataset.sound = name;
  if (!isHeard()) return;
  // A browser buzzes only where the page was touched before, and complains otherwise.
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(BUZZES[name]);
  if (!context || context.state !== "running") return;
  for (const [hertz, after, lasts] of SOUNDS[name]) {
    const begins = context.currentTime + after;
    const tone = new OscillatorNode(context, { type: name === "bad" ? "square" : "triangle", frequency: hertz });
    const loudness = new GainNode(context, { gain: 0 });
    loudness.gain.setValueAtTime(0, begins);
    loudness.gain.linearRampToValueAtTime(name === "bad" ? 0.15 : 0.4, begins + 0.01);
    loudness.gain.exponentialRampToValueAtTime(0.001, begins + lasts);
    tone.connect(loudness).connect(context.destination);
    tone.start(begins);
    tone.stop(begins + lasts);
  }
}
