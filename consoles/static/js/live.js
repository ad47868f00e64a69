// A message as it goes out: its numbers every two seconds, for as long as somebody looks.
import { Unreached, call } from "./api.js";
import { number, saidCounts, splitBar } from "./counts.js";
import { el, fill } from "./dom.js";
import { t } from "./language.js";
import { card } from "./parts.js";

const EVERY_MS = 2000;
const FAILED = ["gone", "given_up"];

/**
 * Ask `address` every two seconds and draw what it answers into `place`, until the screen is left or `isOver(answer)`; then `onOver()`. Nothing is
 * asked while nobody looks at the page.
 */
export function watched(address, { signal, draw, isOver, onOver, onLost }) {
  let timer = 0;
  const again = () => { if (!signal.aborted) timer = window.setTimeout(look, EVERY_MS); };
  const look = async () => {
    if (document.hidden) { again(); return; }
    try {
      const answer = await call("GET", address, { signal });
      draw(answer);
      if (isOver(answer)) { onOver(); return; }
    } catch (failure) {
      if (!(failure instanceof Unreached)) return;
      onLost();
    }
    again();
  };
  signal.addEventListener("abort", () => window.clearTimeout(timer));
  look();
}

/** The numbers of one campaign while it goes out; `onState()` when its state has changed. */
export function liveCard(campaign, { signal, onState }) {
  const place = el("div", { class: "live" });
  const note = el("p", { class: "hint" }, t("live_each"));
  watched(`/v1/bureau/campaigns/${campaign.id}/progress`, {
    signal,
    draw: (progress) => { fill(place, progressShown(progress)); fill(note, t("live_each")); },
    isOver: (progress) => progress.state !== campaign.state,
    onOver: onState,
    onLost: () => fill(note, t("live_lost")),
  });
  return card(t("live_title"), place, note);
}

function progressShown(progress) {
  return JSON.stringify(progress);
}
