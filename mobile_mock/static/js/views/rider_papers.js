// For who has no certificate: a diagnosis paper that a wheelchair is needed, said here and shown at a counter.
import { mayNow } from "../acting.js";
import { call } from "../api.js";
import { announce, el } from "../dom.js";
import { dateText } from "../format.js";
import { t } from "../language.js";
import { busy, button, field } from "../parts.js";
import { show } from "../router.js";
import { taipeiDay } from "../ride_times.js";
import { forgetTyped, keeping } from "../typed.js";

export function papersPart({ papers, is_eligible: isEligible }) {
  return [
    papers.length > 0 && el("ul", { class: "lines", role: "list" }, papers.map(paperRow)),
    !isEligible && mayNow("rides:book") && !papers.some(({ status }) => status === "waiting") && paperForm(),
  ];
}

function paperRow(paper) {
  const problem = el("div");
  const withdraw = button(t("paper_withdraw"), () => busy(withdraw, problem, async () => {
    await call("DELETE", `/v1/rider/eligibility/papers/${encodeURIComponent(paper.id)}`);
    await show();
    announce(t("paper_withdrawn"));
  }), { kind: "small quiet" });
  return el("li", {}, el("span", { class: "line-words" }, el("strong", {}, t("paper_of", { issuer: paper.issuer, date: dateText(paper.issued_on) })), el("span", {}, paper.status_words),
    paper.valid_until && el("span", { class: "hint" }, t("eligibility_until"), " ", dateText(paper.valid_until)), paper.reason && el("span", {}, paper.reason), problem), paper.status === "waiting" && mayNow("rides:book") && withdraw);
}

function paperForm() {
  const problem = el("div");
  const issuer = keeping(field(t("paper_issuer"), { maxlength: "60", hint: t("paper_issuer_hint") }), "paper.issuer");
  const issued = keeping(field(t("paper_date"), { type: "date", max: taipeiDay(0) }), "paper.date");
  const send = button(t("paper_send"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    issuer.setError(issuer.input.value.trim().length > 1 ? "" : t("paper_issuer_missing"));
    issued.setError(issued.input.value ? "" : t("paper_date_missing"));
    const wrong = [issuer, issued].find(({ input }) => input.hasAttribute("aria-invalid"));
    if (wrong) { wrong.input.focus(); return; }
    busy(send, problem, async () => {
      await call("POST", "/v1/rider/eligibility/papers", { body: { issuer: issuer.input.value.trim(), issued_on: issued.input.value } });
      for (const kept of ["paper.issuer", "paper.date"]) forgetTyped(kept);
      await show();
      announce(t("paper_sent"));
    });
  };
  return el("details", { open: Boolean(issuer.input.value) }, el("summary", {}, t("paper_title")), el("form", { class: "form", novalidate: true, on: { submit } }, el("p", {}, t("paper_detail")), issuer.block, issued.block, problem, send));
}
