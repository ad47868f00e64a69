// A message as it goes out: its numbers every two seconds, for as long as somebody looks.
import { Unreached, call } from "./api.js";
import { countList, partsOf, restOf, saidCounts, splitBar } from "./counts.js";
import { el, fill } from "./dom.js";
import { t } from "./language.js";
import { button, card } from "./parts.js";

const EVERY_MS = 2000;
// What becomes of people, and of their devices: [count, colour].
const PEOPLE = [["sent", "sent"], ["waiting_tomorrow", "waiting"], ["digested", "digest"], ["expired", "expired"], ["withdrawn", "failed"]];
const DEVICES = [["handed_over", "handed"], ["gone", "rest"], ["given_up", "failed"]];

/**
 * Ask `address` every two seconds (or so often) and have its answer drawn, until the screen is left or `isOver(answer)`; then `onOver(answer)`. Nothing is
 * asked while nobody looks at the page; `onLost()` when there is no answer.
 */
export function watched(address, { signal, draw, isOver = () => false, onOver, onLost, everyMs = EVERY_MS }) {
  let timer = 0;
  const again = () => { if (!signal.aborted) timer = window.setTimeout(look, everyMs); };
  const look = async () => {
    if (document.hidden) { again(); return; }
    try {
      const answer = await call("GET", address, { signal });
      draw(answer);
      if (isOver(answer)) { onOver(answer); return; }
    } catch (failure) {
      if (failure.name === "AbortError") return;
      onLost();
      // A refusal stays one; a server that is busy or away for the moment is asked again.
      if (!(failure instanceof Unreached) && failure.status < 500 && failure.status !== 429) return;
    }
    again();
  };
  signal.addEventListener("abort", () => window.clearTimeout(timer));
  look();
}

/** Draw the screen anew because something has changed; while somebody is writing on it, only offer to, in `note`. */
export function showChange(note, onState) {
  const here = document.activeElement;
  if (here?.matches("textarea, input") && here.value) fill(note, t("live_changed"), " ", button(t("live_show"), onState, { kind: "small" }));
  else onState();
}

/** The numbers of one campaign while it goes out; `onState()` when its state has changed. */
export function liveCard(campaign, { signal, onState }) {
  const place = el("div", { class: "live" });
  const note = el("div", { class: "hint" }, t("live_each"));
  watched(`/v1/bureau/campaigns/${campaign.id}/progress`, {
    signal,
    draw: (progress) => { fill(place, progressShown(progress)); fill(note, t("live_each")); },
    isOver: (progress) => progress.state !== campaign.state,
    onOver: () => showChange(note, onState),
    onLost: () => fill(note, t("live_lost")),
  });
  return card(t("live_title"), place, note);
}

function progressShown({ runs, totals }) {
  if (!runs.length) return el("p", { class: "live-figure" }, t("live_scheduled"));
  const [run] = runs;
  const counts = run.counts || totals;
  const people = partsOf(counts, PEOPLE.map(([what, kind]) => [what, kind, t(`what_${what}`)]));
  const undecided = restOf(counts.audience, people, Boolean(run.ended_at));
  const devices = partsOf(counts, DEVICES.map(([what, kind]) => [what, kind, t(`what_${what}`)]));
  return [
    el("p", { class: "live-figure" }, t(run.is_held ? "live_held" : `live_${run.status}`)),
    el("p", { class: "hint" }, t("live_of", { n: counts.audience.text })),
    splitBar(t("live_says", { parts: saidCounts([...people, undecided]) }), [...people, undecided]),
    el("h3", {}, t("live_devices")),
    splitBar(t("live_says", { parts: saidCounts(devices) }), devices),
    countList(partsOf(counts, [["opened", null, t("what_opened")], ["unsubscribed", null, t("what_unsubscribed")], ["complained", null, t("what_complained")]])),
  ];
}
