// Diagnosis papers that a wheelchair is needed: looked at here, decided once. What a paper says is not written down.
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { t } from "../language.js";
import { allFilled, busy, button, card, checkBox, confirmed, dayOf, facts, field, growingList, heading, moment, notice } from "../parts.js";
import { redraw } from "../router.js";

const ADDRESS = "/desk/ride-papers";
const DAY_MS = 86400000;
const MOST_DAYS = 366;

export const desk = { path: ADDRESS, name: "papers", roles: ["mobility"], screens: { [ADDRESS]: screen } };

async function screen({ signal }, { said } = {}) {
  const load = (cursor) => call("GET", `/v1/desk/ride-papers?limit=30${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const first = await load();
  const again = (words) => redraw(screen, { signal }, words);
  return {
    title: t("papers"),
    content: [heading(t("papers"), { intro: t("papers_intro") }), said && notice("good", said),
      notice("info", t("papers_rule"), el("p", {}, t("papers_log"))),
      first.items.length ? growingList(first, load, (item) => el("li", {}, paper(item, again))) : el("p", { class: "calm" }, t("papers_none"))],
  };
}

function paper(item, again) {
  const until = field(t("papers_until"), { type: "date", min: dayFromNow(1), max: dayFromNow(MOST_DAYS), hint: t("papers_until_hint") });
  const reason = field(t("papers_reason"), { maxlength: 200, hint: t("papers_reason_hint") });
  const seen = checkBox(t("papers_original"), false);
  const problem = el("div");
  const path = `/v1/desk/ride-papers/${item.id}`;
  const decide = (pressed, act, body, words) => busy(pressed, problem, async () => {
    await call("POST", `${path}/${act}`, { body });
    await again(t(words, { name: item.rider_name || item.rider_number }));
  });
  const accept = button(t("papers_accept"), () => {
    fill(problem);
    if (!seen.input.checked) {
      fill(problem, notice("warn", t("papers_original_first")));
      announce(t("papers_original_first"));
      seen.input.focus();
    } else if (allFilled(until)) decide(accept, "acceptance", { valid_until: until.input.value }, "papers_accepted");
  }, { kind: "primary" });
  const refuse = button(t("papers_refuse"), async () => {
    if (!allFilled(reason)) return;
    if (await confirmed(t("papers_refuse_confirm"), t("papers_refuse_text"), t("papers_refuse"), { kind: "danger" })) {
      decide(refuse, "refusal", { reason: reason.input.value.trim() }, "papers_refused");
    }
  }, { kind: "danger" });
  return card(item.rider_name || t("papers_nameless"),
    facts([
      [t("papers_number"), el("span", { class: "mono" }, item.rider_number)], [t("papers_issuer"), item.issuer],
      [t("papers_issued"), dayOf(item.issued_on)], [t("papers_handed_in"), moment(item.handed_in_at)],
    ]),
    el("div", { class: "form" }, seen.block, until.block, problem, el("div", { class: "actions" }, accept), reason.block, el("div", { class: "actions" }, refuse)));
}

/** A day in Taipei, so many from today, as a date field writes it. */
function dayFromNow(days) {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Taipei" }).format(new Date(Date.now() + days * DAY_MS));
}
