// Keeps a draft on the server while somebody writes, and what cannot be saved yet in this tab, so that no session that ends takes words along.
// Two people may open the same draft: the second to save is told, and nobody's words are overwritten unasked.
import { Refusal, Unreached, call } from "./api.js";
import { el, fill } from "./dom.js";
import { momentText, t } from "./language.js";
import { button } from "./parts.js";
import { refusalWords } from "./refusal_words.js";

const REST_MS = 1500;
const RETRY_MS = 10_000;

/** What of this draft ("new" for one that is nowhere yet) was written in this tab and never saved, {version, body}; null where nothing was. */
export function unsavedCopy(id) {
  return JSON.parse(window.sessionStorage.getItem(keyOf(id)) || "null");
}

export function forgetCopy(id) {
  window.sessionStorage.removeItem(keyOf(id));
}

function keyOf(id) {
  return `desk.unsaved.${id}`;
}

/**
 * `draft`: the campaign as it was read, or null for a new one; `read()` answers what to save, `missing()` the names of what has to be filled in
 * first; `copy`: what was written before and never saved; `onKept(draft)` after each save; `onRefused(errors)` marks the fields and answers those errors that have none; `onTheirs()` shows what
 * a colleague saved. Answers {line, changed(), now(), kept()}: `now` saves what is not saved yet and answers the draft, or null where it cannot be saved;
 * `kept` answers it as it was saved last.
 */
export function draftKeeper(draft, { read, missing, copy, signal, onKept, onRefused, onTheirs }) {
  let kept = draft && copy ? { ...draft, version: copy.version } : draft;
  let written = copy ? "" : JSON.stringify(read());
  let timer = 0;
  let running = null;
  let isStopped = false;
  const line = el("div", { class: "kept", role: "status" });

  const isDirty = () => JSON.stringify(read()) !== written;
  const say = (tone, words, ...more) => fill(line, el("span", { class: `mark ${tone}` }, words), more);
  // Also when what was refused, or never saved, was typed back to what is.
  const sayKept = () => {
    forgetCopy(kept?.id || "new");
    onRefused([]);
    say(kept ? "good" : "", kept ? t("kept_at", { at: momentText(kept.updated_at) }) : t("kept_new"));
  };
  const sayMissing = (names) => say("warn", t("kept_not_yet"), el("span", { class: "hint" }, ` ${t("kept_missing", { names: names.join(t("and")) })}`));
  const changed = () => {
    window.clearTimeout(timer);
    if (!isDirty()) {
      if (!isStopped) sayKept();
      return;
    }
    window.sessionStorage.setItem(keyOf(kept?.id || "new"), JSON.stringify({ version: kept?.version, body: read() }));
    if (isStopped) return;
    const names = missing();
    if (names.length) { sayMissing(names); return; }
    say("", t("kept_soon"));
    timer = window.setTimeout(() => now(), REST_MS);
  };
  const now = async () => {
    window.clearTimeout(timer);
    if (running) await running;
    if (isStopped) return null;
    const names = missing();
    if (names.length) { sayMissing(names); return null; }
    if (kept && !isDirty()) return kept;
    running = save(read());
    const isSaved = await running;
    running = null;
    if (isSaved && isDirty()) changed();
    return isSaved ? kept : null;
  };
  const save = async (body) => {
    say("", t("kept_saving"));
    try {
      const before = kept?.id || "new";
      kept = kept
        ? await call("PUT", `/v1/bureau/campaigns/${kept.id}`, { body, version: kept.version, signal })
        : await call("POST", "/v1/bureau/campaigns", { body, signal });
      forgetCopy(before);
    } catch (failure) {
      refused(failure);
      return false;
    }
    written = JSON.stringify(body);
    sayKept();
    onKept(kept);
    return true;
  };
  const refused = (failure) => {
    if (failure.name === "AbortError") return;
    if (failure instanceof Unreached) {
      say("warn", t("kept_unreached"));
      timer = window.setTimeout(() => now(), RETRY_MS);
    } else if (failure instanceof Refusal && failure.status === 412) {
      isStopped = true;
      say("bad", t("kept_conflict"), el("p", {}, t("kept_conflict_detail")), el("div", { class: "actions" },
        button(t("kept_take_theirs"), () => { forgetCopy(kept.id); onTheirs(); }, { kind: "primary" }),
        button(t("kept_keep_mine"), () => keepMine(), { kind: "danger" })));
    } else {
      const errors = failure.problem?.errors || [];
      const unplaced = onRefused(errors).map(({ pointer, detail }) => t("pair", { name: pointer, value: refusalWords(detail) }));
      const said = errors.length ? unplaced : [failure.title || t("went_wrong"), failure.detail];
      say("warn", t("kept_refused"), said.filter(Boolean).map((words) => el("p", {}, words)));
    }
  };
  const keepMine = async () => {
    kept = await call("GET", `/v1/bureau/campaigns/${kept.id}`, { signal });
    isStopped = false;
    await now();
  };

  const warn = (event) => { if (!isStopped && isDirty()) event.preventDefault(); };
  window.addEventListener("beforeunload", warn);
  signal.addEventListener("abort", () => { window.clearTimeout(timer); window.removeEventListener("beforeunload", warn); });
  if (copy) changed();
  else sayKept();
  return { line, changed, now, kept: () => kept };
}
