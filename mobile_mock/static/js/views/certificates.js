// The citizen certificates that have signed me in: a part of the security page.
import { call } from "../api.js";
import { announce, el } from "../dom.js";
import { dateText, momentText } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, confirmed } from "../parts.js";
import { show } from "../router.js";

export function certificatesPart({ items }) {
  return el("section", {}, el("h2", { class: "section-title" }, t("certificates_title")),
    el("p", { class: "hint" }, t(items.length === 0 ? "certificates_none" : "certificates_hint")),
    items.length > 0 && el("ul", { class: "list", role: "list" }, items.map(row)));
}

function row(item) {
  const problem = el("div");
  return el("li", { class: "card" },
    el("h3", {}, icon("card"), el("span", {}, t("certificate_ending", { ending: item.ending }))),
    el("p", { class: "hint" }, t("certificate_used_at", { when: momentText(item.last_used_at) })),
    el("p", { class: "hint" }, t("certificate_valid_until", { when: dateText(item.valid_until) })),
    problem, el("div", { class: "actions" }, remover(item, problem)));
}

function remover({ id, ending }, problem) {
  const remove = button(t("certificate_remove"), async () => {
    const isSure = await confirmed(t("certificate_remove_ask", { ending }), t("certificate_remove_detail"), t("certificate_remove"), { dangerous: true });
    if (!isSure) return;
    await busy(remove, problem, async () => {
      await call("DELETE", `/v1/me/certificates/${encodeURIComponent(id)}`);
      await show();
      announce(t("certificate_removed"));
    });
  }, { kind: "small quiet", "aria-label": t("certificate_remove_of", { ending }) });
  return remove;
}
