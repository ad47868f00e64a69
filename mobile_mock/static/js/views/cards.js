// Kept cards: seen and removed here; a card comes to be kept where it pays.
import { call } from "../api.js";
import { announce, el } from "../dom.js";
import { momentText } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, confirmed, empty, heading, mark } from "../parts.js";
import { show } from "../router.js";

export async function cards({ signal }) {
  const { items } = await call("GET", "/v1/cards", { signal });
  const title = t("cards_title");
  return {
    title,
    content: [heading(title, { back: "/app/me", backText: t("nav_me") }), el("p", {}, t("cards_detail")),
      items.length === 0 && empty("card", t("no_cards_title"), t("no_cards_detail")),
      el("ul", { class: "list", role: "list" }, items.map(cardRow))],
  };
}

function cardRow(item) {
  const problem = el("div");
  const remove = button(t("remove"), async () => {
    if (!(await confirmed(t("card_remove_ask", { card: item.label }), t("card_remove_detail"), t("remove"), { dangerous: true }))) return;
    await busy(remove, problem, async () => {
      await call("DELETE", `/v1/cards/${item.id}`);
      announce(t("card_removed"));
      await show();
    });
  }, { kind: "small quiet", "aria-label": t("remove_of", { name: item.label }) });
  const expiry = `${String(item.expiry_month).padStart(2, "0")}/${item.expiry_year}`;
  return el("li", { class: "row plain" }, icon("card", "large-icon"), el("span", { class: "row-words" },
    el("span", { class: "row-title mono" }, item.label), el("span", { class: "hint" }, t("card_expiry", { when: expiry })),
    el("span", { class: "hint" }, t("added_at", { when: momentText(item.created_at) })),
    item.is_expired && mark("bad", t("card_expired"), "overdue"), problem), remove);
}
