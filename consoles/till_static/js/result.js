// What came of asking for points, over the whole screen: a colour, a symbol, words and a sound that all say the same.
import { Refusal, Unreached, call } from "./api.js";
import { giveUp, send } from "./asking.js";
import { announce, el, fill, focusOn } from "./dom.js";
import { button, confirmed, problemBox, symbol, wordsFor } from "./parts.js";
import { play } from "./sounds.js";
import { money, now, number, points, t, untilText } from "./words.js";

const POLL_MS = 1000;
const AGAIN_MS = 4000;
// A scanner sends a digit every few milliseconds: its Enter must not press a button that nobody has read yet.
const BY_HAND_MS = 80;
const TONES = {
  asking: "wait", done: "good", awaiting_citizen: "wait", held: "stop", refused: "bad", expired: "bad", voided: "back", problem: "bad", lost: "lost",
};
const SOUNDS = { done: "good", awaiting_citizen: "wait", held: "bad", refused: "bad", expired: "bad", voided: "bad", problem: "bad", lost: "bad" };

/**
 * Show over the page what becomes of `ask`, from asking to the end; `till` tells how long it can be undone. `onNext()`: the next customer;
 * `onRepeat()`: the same amount with another code.
 */
export function showResult(ask, { till, onNext, onRepeat }) {
  const leaving = new AbortController();
  const { signal } = leaving;
  const screen = el("section", { class: "result", role: "dialog", "aria-modal": "true", "aria-labelledby": "result-title" });
  let shown = "";
  let timer = 0;
  const frame = document.getElementById("frame");
  frame.inert = true;
  document.body.append(screen);
  swallowScannersEnter(signal);

  const leave = (then) => { leaving.abort(); window.clearTimeout(timer); screen.remove(); frame.inert = false; then(); };
  const later = (work, ms) => { window.clearTimeout(timer); timer = window.setTimeout(() => { if (!signal.aborted) work(); }, ms); };
  const next = () => button(t("next_customer"), () => leave(onNext), { kind: "big" });

  /** Draw a state: what it is, in words, with its buttons; the same state drawn again makes no sound. */
  const draw = (state, title, content, buttons) => {
    const problem = el("div");
    const isNew = state !== shown;
    shown = state;
    screen.className = `result ${TONES[state]}`;
    screen.dataset.state = state;
    fill(screen, symbol(TONES[state]), el("h1", { id: "result-title" }, title), content, problem, el("div", { class: "result-buttons" }, buttons));
    if (!isNew) return problem;
    if (SOUNDS[state]) play(SOUNDS[state]);
    announce([title, ...[...screen.querySelectorAll("p")].map((each) => each.textContent)].join(" "), { urgent: true });
    focusOn(screen.querySelector(".button.big") || screen.querySelector("h1"));
    return problem;
  };

  const ended = (redemption) => {
    if (redemption.status === "done") {
      const left = redemption.sale_twd === null ? null : redemption.sale_twd - redemption.points;
      draw("done", t("result_done"), [
        el("p", { class: "figure" }, points(redemption.points)),
        el("p", {}, t("worth", { money: money(redemption.points) })),
        left > 0 && el("p", { class: "rest" }, t("rest_to_pay", { money: money(left) })),
        el("p", { class: "small" }, t("undo_until", { time: untilText(Date.parse(redemption.done_at) + till.void_hours * 3_600_000) })),
      ], [next(), button(t("undo_this"), (event) => undo(redemption, event.target), { kind: "plain" })]);
      return;
    }
    draw(redemption.status, t(`result_${redemption.status}`), [el("p", {}, t("nothing_taken")), el("p", {}, t(`result_${redemption.status}_do`))],
      [next(), redemption.status !== "voided" && button(t("same_again"), () => leave(onRepeat))]);
  };

  const waiting = (redemption) => {
    const isHeld = redemption.status === "held";
    const count = el("span", { class: "count", "aria-hidden": "true" });
    const stillHere = el("p", { class: "small" });
    const problem = draw(redemption.status, t(`result_${redemption.status}`), [
      el("p", { class: "figure" }, points(redemption.points)),
      el("p", { class: "do-not" }, t("hand_nothing_over")),
      isHeld ? [redemption.explanation && el("p", {}, redemption.explanation), el("p", {}, t("held_do")), el("blockquote", {}, t("held_say"))]
        : [el("p", {}, t("awaiting_do")), el("p", { class: "countdown" }, count), stillHere],
    ], [isHeld && next(), button(t(isHeld ? "held_call_off" : "call_off"), (event) => callOff(event.target), { kind: isHeld ? "" : "plain" })]);
    const callOff = async (pressed) => {
      pressed.disabled = true;
      try {
        step(await call("POST", `/v1/merchant/redemptions/${redemption.id}/void`, { key: `void-${redemption.id}`, signal }));
      } catch (failure) {
        // It may have been done or refused in this moment: what it is now is what is shown.
        pressed.disabled = false;
        if (failure instanceof Refusal && failure.slug === "redemption-not-now") look();
        else if (failure.name !== "AbortError") fill(problem, problemBox(failure));
      }
    };
    const look = async () => {
      try {
        const answer = await call("GET", `/v1/merchant/redemptions/${redemption.id}`, { signal });
        if (answer.status !== redemption.status) { step(answer); return; }
        fill(stillHere);
      } catch (failure) {
        if (failure.name === "AbortError") return;
        fill(stillHere, wordsFor(failure).join(" "));
      }
      later(tick, POLL_MS);
    };
    const tick = () => {
      const seconds = Math.min(till.confirm_seconds, Math.max(0, Math.ceil((Date.parse(redemption.answer_by) - now()) / 1000)));
      fill(count, seconds > 0 ? t("seconds_left", { n: seconds }) : t("time_is_up"));
      look();
    };
    if (isHeld) later(look, 5 * POLL_MS);
    else tick();
  };

  const step = (redemption) => (["awaiting_citizen", "held"].includes(redemption.status) ? waiting(redemption) : ended(redemption));

  const undo = async (redemption, pressed) => {
    if (!await confirmed(t("undo_confirm", { points: points(redemption.points) }), t("undo_confirm_text"), t("undo_yes"), { kind: "danger" })) return;
    pressed.disabled = true;
    try {
      step(await call("POST", `/v1/merchant/redemptions/${redemption.id}/void`, { key: `void-${redemption.id}`, signal }));
    } catch (failure) {
      pressed.disabled = false;
      if (failure.name !== "AbortError") pressed.parentElement.before(problemBox(failure));
    }
  };

  const lost = () => {
    draw("lost", t("lost_title"), [
      el("p", { class: "do-not" }, t("hand_nothing_over")),
      el("p", {}, t("lost_do")), el("p", { class: "small" }, t("lost_again_by_itself")),
    ], [button(t("ask_again"), () => work(), { kind: "big" }),
      button(t("pays_otherwise"), () => { giveUp(ask); leave(onNext); }, { kind: "plain" })]);
    later(() => work(true), AGAIN_MS);
  };

  const work = async (isQuiet = false) => {
    window.clearTimeout(timer);
    if (!isQuiet) {
      draw("asking", t("asking"), [el("p", { class: "figure" }, points(ask.body.points)), el("p", { class: "do-not" }, t("hand_nothing_over"))], []);
    }
    try {
      step(await send(ask));
    } catch (failure) {
      if (signal.aborted) return;
      if (failure instanceof Unreached) { lost(); return; }
      if (failure.status === 401 || failure.status === 403) { leave(() => {}); return; }
      const [title, detail] = wordsFor(failure);
      draw("problem", title, [detail && el("p", {}, detail), el("p", { class: "small" }, `${t("nothing_taken")} ${t("amount_was", { n: number(ask.body.points) })}`)],
        [button(t("scan_another"), () => leave(onRepeat), { kind: "big" }), button(t("next_customer"), () => leave(onNext))]);
    }
  };
  work();
}

function swallowScannersEnter(signal) {
  let lastDigit = 0;
  document.addEventListener("keydown", (event) => {
    if (/^[0-9]$/.test(event.key)) lastDigit = event.timeStamp;
    if (event.key === "Enter" && event.timeStamp - lastDigit < BY_HAND_MS) event.preventDefault();
  }, { capture: true, signal });
}
