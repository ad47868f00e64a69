// Where points can be used: a map and a list of shops by district, kind, or the nearest first; and what is on offer.
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { districtMap, districtName } from "../district_map.js";
import { t } from "../language.js";
import { busy, button, empty, field, growingList, heading, problemPanel } from "../parts.js";
import { pointsElement } from "../point_words.js";
import { state } from "../state.js";
import { whereabouts } from "../whereabouts.js";
import { distance, offerWords } from "./shop_parts.js";

const CATEGORIES = ["food", "groceries", "convenience", "books", "health", "culture", "transport", "market", "services", "other"];
// Where there is little room the map is folded up: the list is what most people come for.
const WIDE = "(min-width: 60em)";

export async function shops({ query, signal }) {
  const isOffers = query.get("show") === "offers";
  const title = t("shops_title");
  const tab = (href, key, isCurrent) => el("a", { class: "tab", href, "aria-current": isCurrent && "page" }, t(key));
  return {
    title,
    content: [heading(title, { back: "/app/points", backText: t("points_title") }),
      el("nav", { class: "tabs", "aria-label": title }, tab("/app/points/shops", "tab_shops", !isOffers), tab("/app/points/shops?show=offers", "tab_offers", isOffers)),
      isOffers ? await offers(signal) : await shopFinder(signal)],
  };
}

async function shopFinder(signal) {
  const chosen = { district: "", category: "", near: null };
  const list = el("div");
  const problem = el("div");
  const said = el("h2", { class: "section-title" });
  let counts = new Map();

  const category = field(t("shop_kind"), { tag: "select", children: [["", t("all_kinds")], ...CATEGORIES.map((code) => [code, t(`category_${code}`)])].map(([value, text]) => el("option", { value }, text)) });
  const district = field(t("district"), { tag: "select" });
  const map = districtMap(t("map_label"), { onChoose: (code) => choose({ district: code === chosen.district ? "" : code }) });
  const near = button(t("near_me"), () => busy(near, problem, async () => {
    const { latitude, longitude } = await whereabouts("near_me_denied");
    await choose({ near: `${latitude},${longitude}`, district: "" });
  }), { kind: "quiet wide", iconName: "pin" });

  const count = async () => {
    const { items } = await call("GET", `/v1/points/shop-districts${chosen.category ? `?category=${chosen.category}` : ""}`, { signal });
    counts = new Map(items.map((each) => [each.district, each.shops]));
  };
  const look = async () => {
    const asked = new URLSearchParams(Object.entries(chosen).filter(([, value]) => value));
    const load = (cursor) => call("GET", `/v1/points/shops?limit=20&${asked}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
    const first = await load();
    const total = [...counts].reduce((sum, [code, shopsThere]) => sum + (chosen.district && code !== chosen.district ? 0 : shopsThere), 0);
    const words = t("shops_found", { where: chosen.district ? districtName(chosen.district) : t("whole_city"), n: total });
    fill(said, words);
    map.show(counts, chosen.district);
    fill(district.input, [["", t("whole_city_count", { n: [...counts.values()].reduce((sum, each) => sum + each, 0) })],
      ...state.config.districts.map(({ code }) => [code, t("map_district", { name: districtName(code), n: counts.get(code) || 0 })])]
      .map(([value, text]) => el("option", { value, selected: value === chosen.district }, text)));
    fill(list, first.items.length === 0 ? empty("store", t("no_shops_title"), t("no_shops_detail")) : growingList(first, load, shopRow));
    return words;
  };
  const choose = async (change) => {
    Object.assign(chosen, change);
    fill(problem);
    try {
      if ("category" in change) await count();
      announce(await look());
    } catch (failure) {
      if (failure.name !== "AbortError") fill(problem, problemPanel(failure));
    }
  };
  category.input.addEventListener("change", () => choose({ category: category.input.value }));
  district.input.addEventListener("change", () => choose({ district: district.input.value }));
  await count();
  await look();
  return [el("section", { class: "card shop-filter" }, category.block, district.block, near, problem),
    el("details", { class: "card", open: window.matchMedia(WIDE).matches }, el("summary", {}, t("map_title")), map.block, el("p", { class: "hint" }, t("map_hint"))),
    said, list];
}

function shopRow(shop) {
  return el("li", { class: "row" }, el("a", { class: "row-link", href: `/app/shops/${shop.shop_code}` },
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, shop.merchant === shop.name ? shop.merchant : t("shop_and_branch", { merchant: shop.merchant, branch: shop.name })),
      el("span", {}, shop.category_name, " · ", shop.district_name), el("span", { class: "hint" }, shop.address), shop.hours && el("span", { class: "hint" }, shop.hours)),
    shop.metres !== null && el("strong", {}, distance(shop.metres))));
}

async function offers(signal) {
  const load = (cursor) => call("GET", `/v1/points/offers?limit=20${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const first = await load();
  if (first.items.length === 0) return empty("gift", t("no_offers_title"), t("no_offers_detail"));
  return [el("p", {}, t("offers_how")), growingList(first, load, (offer) => el("li", { class: "row plain" },
    el("span", { class: "row-words" }, offerWords(offer), el("span", { class: "hint" }, offer.merchant)), pointsElement(offer.points, { className: "strong" })))];
}
