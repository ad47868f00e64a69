// Files of banks, processors, wallets and stores: sent with their progress seen, and what became of each.
import { call, upload } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { dayText, has, momentText, money, nameOf, t } from "../language.js";
import { actsForFinance } from "../officer.js";
import { busy, cardForm, choice, facts, field, filterLinks, growingList, heading, notice } from "../parts.js";

const SOURCES = ["bank", "adyen", "ach", "jkopay", "line_pay", "stores", "twqr"];
// Up to here a file is digested before it is sent, so that what arrives is proven to be what was chosen.
const DIGESTED_BYTES_MAX = 64 * 1024 * 1024;

export const desk = { path: "/desk/files", name: "files", roles: ["finance", "auditor"], screens: { "/desk/files": list } };

async function list({ query, signal }) {
  const source = SOURCES.includes(query.get("source")) ? query.get("source") : null;
  const load = (cursor) => call("GET", `/v1/reconciliation/files?limit=20${source ? `&source=${source}` : ""}${cursor ? `&cursor=${cursor}` : ""}`, { signal });
  const place = el("div");
  const draw = async () => {
    const first = await load();
    fill(place, first.items.length ? growingList(first, load, row) : el("p", { class: "empty" }, t("file_none")));
  };
  await draw();
  return {
    title: t("files"),
    content: [heading(t("files"), { intro: t("files_intro") }), actsForFinance() && sendForm(source, draw),
      filterLinks([["/desk/files", t("any"), !source], ...SOURCES.map((each) => [`/desk/files?source=${each}`, nameOf(each), each === source])]), place],
  };
}

function sendForm(source, onTaken) {
  const whose = choice(t("file_source"), [["", t("choose")], ...SOURCES.map((each) => [each, nameOf(each)])], { value: source || "" });
  const chosen = field(t("file_choose"), { type: "file", hint: t("file_hint") });
  const result = el("div");
  const send = (pressed, problem) => {
    whose.setError(whose.input.value ? "" : t("required"));
    if (!whose.input.value) return;
    const [file] = chosen.input.files;
    chosen.setError(file ? "" : t("file_missing_choice"));
    if (!file) return;
    busy(pressed, problem, async () => {
      fill(result);
      const bar = el("progress", { class: "progress", max: 100, value: 0, "aria-label": t("upload") });
      const words = el("p", { class: "hint" }, t("uploading", { n: 0 }));
      fill(result, bar, words);
      const onSent = (share) => {
        bar.value = Math.round(100 * share);
        fill(words, share < 1 ? t("uploading", { n: Math.round(100 * share) }) : t("upload_checking"));
      };
      try {
        fill(result, await outcome(whose.input.value, file, onSent));
        chosen.input.value = "";
      } catch (failure) {
        fill(result);
        await onTaken();
        throw failure;
      }
      await onTaken();
    });
  };
  return cardForm(t("send_file"), null, [whose.block, chosen.block, result], t("upload"), send);
}

async function outcome(source, file, onSent) {
  const headers = { "Content-Type": "application/octet-stream", ...await digestOf(file) };
  const { status, content } = await upload(`/v1/reconciliation/files?source=${source}`, file, { headers, onSent });
  const isNew = status === 201;
  const title = t(isNew ? "file_taken" : "file_repeat");
  announce(title);
  return notice(isNew ? "good" : "info", title,
    el("p", {}, isNew ? t("file_taken_detail", content) : t("file_repeat_detail", { at: momentText(content.received_at), from: content.received_from })),
    el("p", { class: "mono" }, content.content_sha256));
}

/** The header that says what the file is (RFC 9530); none for a file too large to be held in memory. */
async function digestOf(file) {
  if (file.size > DIGESTED_BYTES_MAX) return {};
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return { "Content-Digest": `sha-256=:${btoa(String.fromCharCode(...digest))}:` };
}

function row(file) {
  const isTaken = file.status === "taken";
  const refusal = has(`refusal_${file.refusal}`) ? t(`refusal_${file.refusal}`) : file.refusal;
  const days = file.first_day && (file.first_day === file.last_day ? dayText(file.first_day) : `${dayText(file.first_day)} – ${dayText(file.last_day)}`);
  return el("li", { class: "card" },
    el("div", { class: "chart-line" }, el("h2", {}, nameOf(file.source)),
      el("span", { class: isTaken ? "mark good" : "mark bad" }, t(isTaken ? "file_taken" : "file_turned_down"))),
    facts([
      [t("reference"), file.reference],
      [t("days_covered"), days],
      [t("result"), isTaken ? t("file_taken_detail", file) : [el("a", { href: `/problems/${file.refusal}`, target: "_blank", rel: "noopener" }, refusal), file.refusal_detail && el("div", { class: "hint", lang: "en" }, file.refusal_detail)]],
      [t("gross"), isTaken ? money(file.gross) : null],
      [t("fees"), isTaken && file.fees ? money(file.fees) : null],
      [t("net"), isTaken ? money(file.net) : null],
      [t("received_at"), `${momentText(file.received_at)} · ${file.received_from}`],
      [t("content_hash"), el("span", { class: "mono" }, file.content_sha256)],
    ]));
}
