// The branches of my shop, with the code that customers scan; its tills, and how a device becomes one.
import { call } from "../api.js";
import { DISTRICTS } from "../districts.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { clockText } from "../format.js";
import { language, t } from "../language.js";
import { busy, button, buttonLink, confirmed, empty, field, growingList, notice } from "../parts.js";
import { go } from "../router.js";
import { selectField } from "../select_field.js";
import { whereabouts } from "../whereabouts.js";
import { HOME } from "./owner.js";
import { shopHeading, shopOf } from "./owner_shop.js";

export async function ownBranches({ path, signal }) {
  const shop = await shopOf(path, signal);
  const load = (cursor) => call("GET", `/v1/merchants/${shop.id}/branches?limit=20${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const first = await load();
  const title = t("own_door_branches");
  return {
    title,
    content: [...shopHeading(shop, title), first.items.length === 0 ? empty("pin", t("own_no_branches")) : growingList(first, load, (each) => branchRow(shop, each)), branchForm(shop)],
  };
}

function branchRow(shop, branch) {
  const address = `/v1/merchants/${shop.id}/branches/${branch.id}`;
  const problem = el("div");
  const close = button(t("own_close_branch"), async () => {
    if (!await confirmed(t("own_close_confirm", { name: branch.name }), t("own_close_text"), t("own_close_branch"), { dangerous: true })) return;
    busy(close, problem, async () => { await call("DELETE", address); await go(`${HOME}/${shop.id}/branches`, { replace: true }); });
  }, { kind: "small quiet" });
  return el("li", { class: "card" }, el("h2", {}, branch.name), el("p", {}, branch.district_name, " ", branch.address), branch.hours && el("p", { class: "hint" }, branch.hours),
    branch.closed_at ? el("p", { class: "hint" }, t("own_closed")) : [
      el("div", { class: "own-qr" }, el("img", { src: `${address}/shop-code.png`, alt: t("own_qr_alt", { name: branch.name }), width: "160", height: "160", loading: "lazy" }),
        el("p", {}, t("own_shop_code"), " ", el("strong", { class: "mono" }, branch.shop_code))),
      el("div", { class: "actions" }, buttonLink(t("own_poster"), `${address}/poster.pdf`, { iconName: "pdf", target: "_blank", rel: "noopener" }), close), problem]);
}

function branchForm(shop) {
  const problem = el("div");
  const name = field(t("own_branch_name"), { maxlength: "80", hint: t("own_branch_name_hint") });
  const address = field(t("own_address"), { maxlength: "200", autocomplete: "street-address" });
  const district = selectField(t("own_district"), DISTRICTS.map((each) => [each.code, language() === "en" ? each.en : each.zh]));
  const hours = field(t("own_hours"), { maxlength: "200", hint: t("own_hours_hint") });
  const latitude = field(t("own_latitude"), { inputmode: "decimal", maxlength: "12" });
  const longitude = field(t("own_longitude"), { inputmode: "decimal", maxlength: "12" });
  const found = el("p", { class: "hint", "aria-live": "polite" });
  const here = button(t("own_here"), () => busy(here, problem, async () => {
    const place = await whereabouts("own_here_denied");
    latitude.input.value = place.latitude.toFixed(6);
    longitude.input.value = place.longitude.toFixed(6);
    fill(found, t("own_here_found"));
  }), { iconName: "pin" });
  const send = button(t("own_add_branch"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    name.setError(name.input.value.trim() ? "" : t("own_missing"));
    address.setError(address.input.value.trim() ? "" : t("own_missing"));
    latitude.setError(isBetween(latitude, 22, 24) ? "" : t("own_place_wrong"));
    longitude.setError(isBetween(longitude, 120, 121.5) ? "" : t("own_place_wrong"));
    const wrong = [name, address, latitude, longitude].find(({ input }) => input.hasAttribute("aria-invalid"));
    if (wrong) { wrong.input.closest("details")?.setAttribute("open", ""); focusOn(wrong.input); return; }
    busy(send, problem, async () => {
      const body = { name: name.input.value.trim(), address: address.input.value.trim(), district: district.input.value, hours: hours.input.value.trim(), latitude: Number(latitude.input.value), longitude: Number(longitude.input.value) };
      await call("POST", `/v1/merchants/${shop.id}/branches`, { body });
      announce(t("own_branch_added"));
      await go(`${HOME}/${shop.id}/branches`, { replace: true });
    });
  };
  return el("form", { class: "card form", novalidate: true, on: { submit } }, el("h2", {}, t("own_add_branch")), name.block, district.block, address.block, hours.block,
    el("p", {}, t("own_place_why")), here, found, el("details", {}, el("summary", {}, t("own_coordinates")), latitude.block, longitude.block), problem, send);
}

function isBetween({ input }, least, most) {
  const value = Number(input.value);
  return input.value.trim() !== "" && value >= least && value <= most;
}

export async function ownTills({ path, signal }) {
  const shop = await shopOf(path, signal);
  const [branches, first] = await Promise.all([call("GET", `/v1/merchants/${shop.id}/branches?limit=100`, { signal }), call("GET", `/v1/merchants/${shop.id}/tills?limit=50`, { signal })]);
  const load = (cursor) => call("GET", `/v1/merchants/${shop.id}/tills?limit=50&cursor=${encodeURIComponent(cursor)}`, { signal });
  const open = branches.items.filter(({ closed_at: closedAt }) => !closedAt);
  const names = Object.fromEntries(branches.items.map(({ id, name }) => [id, name]));
  const title = t("own_door_tills");
  const given = el("div", { "aria-live": "assertive" });
  const list = el("div");
  const draw = (page) => fill(list, page.items.length === 0 ? empty("qr", t("own_no_tills")) : growingList(page, load, (each) => tillRow(shop, each, names, given)));
  const onAdded = async (till) => {
    showCode(given, till);
    draw(await call("GET", `/v1/merchants/${shop.id}/tills?limit=50`, { signal }));
  };
  draw(first);
  return {
    title,
    content: [...shopHeading(shop, title), el("p", {}, t("own_tills_how")), given, list,
      open.length === 0 ? notice("info", t("own_branch_first"), buttonLink(t("own_door_branches"), `${HOME}/${shop.id}/branches`)) : tillForm(shop, open, onAdded)],
  };
}

function showCode(given, till) {
  const code = till.enrolment_code.replace(/(.{4})(?=.)/g, "$1-");
  fill(given, el("section", { class: "card own-code" }, el("h2", {}, t("own_code_of", { name: till.name })), el("p", { class: "figure mono" }, code),
    el("p", {}, t("own_code_do", { address: `${window.location.origin}/till`, until: clockText(till.code_until) }))));
  focusOn(given.querySelector("h2"));
}

function tillRow(shop, till, names, given) {
  const address = `/v1/merchants/${shop.id}/tills/${till.id}`;
  const problem = el("div");
  const again = button(t("own_new_code"), () => busy(again, problem, async () => showCode(given, await call("POST", `${address}/code`, { body: {} }))), { kind: "small" });
  const remove = button(t("remove"), async () => {
    if (!await confirmed(t("own_remove_till", { name: till.name }), t("own_remove_till_text"), t("remove"), { dangerous: true })) return;
    busy(remove, problem, async () => { await call("DELETE", address); await go(`${HOME}/${shop.id}/tills`, { replace: true }); });
  }, { kind: "small quiet", "aria-label": t("remove_of", { name: till.name }) });
  return el("li", { class: "row plain" }, el("span", { class: "row-words" }, el("span", { class: "row-title" }, till.name), el("span", { class: "hint" }, `${names[till.branch_id] || ""} · ${t(`own_till_${till.status}`)}`), problem),
    till.status !== "register" && again, remove);
}

function tillForm(shop, branches, onAdded) {
  const problem = el("div");
  const branch = selectField(t("own_branch"), branches.map(({ id, name }) => [id, name]));
  const name = field(t("own_till_name"), { maxlength: "40", hint: t("own_till_name_hint") });
  const send = button(t("own_add_till"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    name.setError(name.input.value.trim() ? "" : t("own_missing"));
    if (name.input.hasAttribute("aria-invalid")) { focusOn(name.input); return; }
    busy(send, problem, async () => {
      const till = await call("POST", `/v1/merchants/${shop.id}/tills`, { body: { branch_id: branch.input.value, name: name.input.value.trim() } });
      name.input.value = "";
      await onAdded(till);
    });
  };
  return el("form", { class: "card form", novalidate: true, on: { submit } }, el("h2", {}, t("own_add_till")), branch.block, name.block, problem, send);
}
