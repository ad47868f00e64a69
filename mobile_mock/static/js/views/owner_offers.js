// My shop's offers: so many points for a thing, with a stock that is never sold twice.
import { call } from "../api.js";
import { announce, el, focusOn } from "../dom.js";
import { momentText, number } from "../format.js";
import { t } from "../language.js";
import { busy, button, confirmed, empty, facts, field, growingList, mark } from "../parts.js";
import { pointsText } from "../point_words.js";
import { go } from "../router.js";
import { HOME } from "./owner.js";
import { shopHeading, shopOf } from "./owner_shop.js";

const TONES = { draft: "info", live: "good", ended: "" };
const MONTH_MS = 30 * 86_400_000;

export async function ownOffers({ path, signal }) {
  const shop = await shopOf(path, signal);
  const load = (cursor) => call("GET", `/v1/merchants/${shop.id}/offers?limit=20${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const first = await load();
  const title = t("own_door_offers");
  return {
    title,
    content: [...shopHeading(shop, title), first.items.length === 0 ? empty("gift", t("own_no_offers")) : growingList(first, load, (each) => row(shop, each)), writeForm(shop)],
  };
}

function row(shop, offer) {
  const problem = el("div");
  const change = (body, said) => async (event) => {
    const pressed = event.target.closest("button");
    if (body.status === "ended" && !await confirmed(t("own_end_offer_confirm", { name: offer.title_zh }), t("own_end_offer_text"), t("own_end_offer"), { dangerous: true })) return;
    busy(pressed, problem, async () => {
      await call("PATCH", `/v1/merchants/${shop.id}/offers/${offer.id}`, { body, version: offer.version });
      announce(t(said));
      await go(`${HOME}/${shop.id}/offers`, { replace: true });
    });
  };
  const left = offer.stock === null ? t("own_no_end") : t("own_left_of", { left: number(offer.stock - offer.taken), all: number(offer.stock) });
  return el("li", { class: "card" }, el("h2", {}, offer.title_zh, " ", mark(TONES[offer.status], t(`own_offer_${offer.status}`))), el("p", { lang: "en", class: "hint" }, offer.title_en),
    facts([[t("own_costs"), pointsText(offer.points)], [t("own_stock"), left], [t("own_taken"), number(offer.taken)],
      offer.most_per_person !== null && [t("own_each"), number(offer.most_per_person)], [t("own_until"), momentText(offer.valid_until)]]),
    problem, el("div", { class: "actions" }, offer.status === "draft" && button(t("own_make_live"), change({ status: "live" }, "own_now_live"), { kind: "primary" }),
      offer.status === "live" && offer.stock !== null && button(t("own_more_stock"), change({ stock: offer.stock + 10 }, "own_stock_grew")),
      offer.status !== "ended" && button(t("own_end_offer"), change({ status: "ended" }, "own_offer_over"), { kind: "quiet" })));
}

function writeForm(shop) {
  const problem = el("div");
  const zh = field(t("own_offer_zh"), { maxlength: "60" });
  const en = field(t("own_offer_en"), { maxlength: "100", lang: "en" });
  const points = field(t("own_costs"), { inputmode: "numeric", maxlength: "7" });
  const stock = field(t("own_stock"), { inputmode: "numeric", maxlength: "7", hint: t("own_stock_hint") });
  const each = field(t("own_each"), { inputmode: "numeric", maxlength: "4", hint: t("own_each_hint") });
  const until = field(t("own_until"), { type: "date", value: new Date(Date.now() + MONTH_MS).toISOString().slice(0, 10) });
  const send = button(t("own_write_offer"), null, { kind: "primary wide", type: "submit" });
  const whole = ({ input }) => (input.value.trim() === "" ? null : Number(input.value.trim()));
  const submit = (event) => {
    event.preventDefault();
    for (const text of [zh, en]) text.setError(text.input.value.trim() ? "" : t("own_missing"));
    for (const amount of [points, stock, each]) amount.setError(/^([1-9][0-9]*)?$/.test(amount.input.value.trim()) ? "" : t("own_whole"));
    if (points.input.value.trim() === "") points.setError(t("own_missing"));
    until.setError(until.input.value ? "" : t("own_missing"));
    const wrong = [zh, en, points, stock, each, until].find(({ input }) => input.hasAttribute("aria-invalid"));
    if (wrong) { focusOn(wrong.input); return; }
    busy(send, problem, async () => {
      const body = {
        title_zh: zh.input.value.trim(), title_en: en.input.value.trim(), points: whole(points), stock: whole(stock), most_per_person: whole(each),
        valid_from: new Date().toISOString(), valid_until: `${until.input.value}T23:59:59+08:00`,
      };
      await call("POST", `/v1/merchants/${shop.id}/offers`, { body });
      announce(t("own_offer_written"));
      await go(`${HOME}/${shop.id}/offers`, { replace: true });
    });
  };
  return el("form", { class: "card form", novalidate: true, on: { submit } }, el("h2", {}, t("own_new_offer")), el("p", {}, t("own_offer_how")), zh.block, en.block, points.block, stock.block, each.block, until.block, problem, send);
}
