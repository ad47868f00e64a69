// How points came and went, by month: what it was, why in words, and the way to what it was about.
import { el } from "../dom.js";
import { dayOf, momentElement, monthText } from "../format.js";
import { hasText, t } from "../language.js";
import { growing } from "../parts.js";
import { pointsElement } from "../point_words.js";

const LEADS_TO = { payment: "/app/payments/", redemption: "/app/points/redemptions/", exchange: "/app/points/exchanges/" };

/** `first` is a page of entries, newest first; `load(cursor)` answers the next. */
export function historyPart(first, load) {
  const block = el("div");
  let month = "";
  let list = null;
  return growing(block, first, load, (entries) => {
    for (const entry of together(entries)) {
      const its = dayOf(entry.at).slice(0, 7);
      if (its !== month) {
        month = its;
        list = el("ul", { class: "list", role: "list" });
        block.append(el("h3", { class: "month" }, monthText(month)), list);
      }
      list.append(line(entry));
    }
  });
}

/** One use takes from several lots, and each has an entry of its own: those that follow one another are one line here. */
function together(entries) {
  const lines = [];
  for (const entry of entries) {
    const before = lines.at(-1);
    if (before && isSameUse(before, entry)) {
      const amount = before.amount + entry.amount;
      lines[lines.length - 1] = { ...before, amount, reason: restated(before, amount), lots: before.lots + 1 };
    } else {
      lines.push({ ...entry, lots: 1 });
    }
  }
  return lines;
}

function isSameUse(one, other) {
  return one.kind === other.kind && one.at === other.at && one.about.id === other.about.id && Math.sign(one.amount) === Math.sign(other.amount);
}

/** The reason's words with the points of all of them, where its own number stands in it just once. */
function restated({ reason, amount }, sum) {
  const own = new RegExp(`(?<![0-9,])${Math.abs(amount)}(?![0-9,])`, "g");
  return reason.match(own)?.length === 1 ? reason.replace(own, String(Math.abs(sum))) : reason;
}

function line(entry) {
  const { kind, id } = entry.about;
  return el("li", { class: "row plain" },
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, titleOf(entry)), el("span", {}, entry.reason), el("span", { class: "hint" }, momentElement(entry.at)),
      entry.lots > 1 && el("span", { class: "hint" }, t("points_of_lots", { n: entry.lots })),
      LEADS_TO[kind] && el("a", { class: "link", href: `${LEADS_TO[kind]}${encodeURIComponent(id)}` }, t(`see_${kind}`))),
    pointsElement(entry.amount, { isChange: true, className: entry.amount > 0 ? "strong plus" : "strong" }));
}

/** What was done, in two words: the same kind of change is called after what it was about where that says more. */
function titleOf({ kind, about }) {
  const key = [`points_kind_${kind}_${about.kind}`, `points_kind_${kind}`].find(hasText);
  return t(key || "points_kind_other");
}
