// Every way to pay one bill side by side: what it costs me, what it costs the city, when it counts, what bars it.
import { el } from "../dom.js";
import { money } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { mark } from "../parts.js";
import { railIcon, railName } from "../rails.js";

/** `quotes` as the API orders them: the cheapest for both sides first, what is not possible last. */
export function quotesTable(quotes) {
  return el("section", { class: "card quotes-card" }, el("h2", { id: "quotes" }, t("quotes_title")), el("p", { class: "hint" }, t("quotes_hint")),
    // Drawn as cards on a narrow screen, it stays a table for a screen reader: hence the roles.
    el("table", { class: "quotes", role: "table", "aria-labelledby": "quotes" },
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" },
        ["quote_way", "quote_fee", "quote_city", "counts_as_paid"].map((key) => el("th", { scope: "col", role: "columnheader" }, t(key))))),
      el("tbody", { role: "rowgroup" }, quotes.map(row))),
    el("details", {}, el("summary", {}, t("quotes_sources")), el("ul", { class: "sources" }, [...new Set(quotes.flatMap((quote) =>
      [quote.source, quote.city_source, quote.terms_source].map((source) => `${quote.name}：${source}`)))].map((source) => el("li", {}, source)))));
}

function row(quote) {
  return el("tr", { role: "row", class: quote.is_available ? "" : "barred" },
    el("th", { scope: "row", role: "rowheader" }, icon(railIcon(quote.rail)), " ", railName(quote.rail),
      quote.is_recommended && el("span", { class: "quote-note" }, mark("good", quote.recommended_because, "check")),
      !quote.is_available && el("span", { class: "quote-note hint" }, quote.unavailable_words),
      quote.item_cap !== null && el("span", { class: "quote-note hint" }, t("slip_cap"), " ", money(quote.item_cap))),
    cell("quote_fee", quote.fee === 0 ? t("nothing") : money(quote.fee)),
    cell("quote_city", quote.city_cost === 0 ? t("nothing") : money(quote.city_cost)),
    cell("counts_as_paid", quote.counts_as_paid_words));
}

function cell(labelKey, content) {
  return el("td", { role: "cell" }, el("span", { class: "cell-label", "aria-hidden": "true" }, t(labelKey)), el("span", {}, content));
}
