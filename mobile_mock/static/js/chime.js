// How something ended, for the ear and the hand: two rising notes and a short buzz, or one low note and two. A switch turns the notes off.
const KEPT = "phone.sound";
const NOTES = { good: [[660, 0], [880, 0.14]], bad: [[220, 0]], ask: [[660, 0], [660, 0.2]] };
const BUZZES = { good: [80], bad: [200, 100, 200], ask: [120, 80, 120] };
const NOTE_SECONDS = 0.22;
const LOUDNESS = 0.25;
let context = null;

export function isSoundOn() {
  return window.localStorage.getItem(KEPT) !== "off";
}

export function setSound(isOn) {
  window.localStorage.setItem(KEPT, isOn ? "on" : "off");
}

/** Sound and buzz for "good", "bad" or "ask" (the person has to answer). */
export function chime(kind) {
  // A browser buzzes only where the page was touched before, and complains otherwise.
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(BUZZES[kind]);
  if (!isSoundOn() || !window.AudioContext) return;
  context ||= new AudioContext();
  context.resume().catch(() => {});
  for (const [pitch, after] of NOTES[kind]) play(pitch, context.currentTime + after);
}

function play(pitch, at) {
  const tone = context.createOscillator();
  const loudness = context.createGain();
  tone.frequency.value = pitch;
  loudness.gain.setValueAtTime(LOUDNESS, at);
  loudness.gain.exponentialRampToValueAtTime(0.001, at + NOTE_SECONDS);
  tone.connect(loudness).connect(context.destination);
  tone.start(at);
  tone.stop(at + NOTE_SECONDS);
}
