// The city's own vans, their drivers and depots: added, changed, retired.
import { call, keyForEach } from "../api.js";
import { el } from "../dom.js";
import { dayText, language, t } from "../language.js";
import { officer } from "../officer.js";
import { allFilled, busy, button, card, checkBox, choice, confirmed, field, heading, notice, table } from "../parts.js";
import { dialogOf } from "../roster_outcome.js";
import { redraw } from "../router.js";

const PLACES = /^([0-9])\s*\+\s*([0-9]{1,2})$/;

export const desk = { path: "/desk/dispatch-vans", name: "rst_things", roles: ["dispatcher", "auditor"], screens: { "/desk/dispatch-vans": things } };

async function things(place, { said } = {}) {
  const { signal } = place;
  const [vans, drivers, depots] = await Promise.all(["vehicles", "drivers", "depots"].map((each) => call("GET", `/v1/dispatch/${each}`, { signal })));
  const isDispatcher = officer().roles.includes("dispatcher");
  const onDone = (words) => redraw(things, place, words);
  const acts = (row, name, ...buttons) => isDispatcher && el("div", { class: "actions" }, buttons.map(([words, act, kind]) => button(words, act, { kind: `small ${kind || ""}`, "aria-label": `${words} ${name}` })));
  return {
    title: t("rst_things"),
    content: [
      heading(t("rst_things"), { back: "/desk/dispatch-roster", intro: t("rst_things_intro") }), said && notice("good", said),
      card(t("rst_vans"), isDispatcher && el("div", { class: "actions" }, button(t("rst_add_van"), () => vanForm(null, depots.items, onDone), { kind: "primary" })),
        vans.items.length === 0 ? el("p", { class: "empty" }, t("rst_no_vans")) : table(t("rst_vans"), [
          { name: t("rst_number"), of: (each) => [each.number, each.retired_at && el("span", { class: "mark" }, t("rst_retired"))] },
          { name: t("rst_plate"), of: (each) => `${each.plate} ${each.model}` },
          { name: t("rst_depot"), of: (each) => labelOf(depots.items.find(({ code }) => code === each.depot)) },
          { name: t("rst_places"), of: (each) => placesText(each.layouts) },
          { name: t("rst_size"), of: (each) => [t("rst_size_n", { width: each.chair_width_mm, length: each.chair_length_mm, mass: each.chair_mass_kg }), each.has_lift && t("rst_lift"), each.has_ramp && t("rst_ramp"), each.features.includes("O") && t("rst_oxygen")].filter(Boolean).join(" · ") },
          { name: t("rst_change"), of: (each) => !each.retired_at && acts(each, each.number, [t("rst_change"), () => vanForm(each, depots.items, onDone)], [t("rst_retire"), () => removed(`vehicles/${each.number}`, each, t("rst_retire"), t("rst_retire_text"), onDone), "danger"]) },
        ], vans.items)),
      card(t("rst_drivers"), isDispatcher && el("div", { class: "actions" }, button(t("rst_add_driver"), () => driverForm(null, onDone), { kind: "primary" })),
        drivers.items.length === 0 ? el("p", { class: "empty" }, t("rst_no_drivers")) : table(t("rst_drivers"), [
          { name: t("rst_number"), of: (each) => [each.number, each.left_at && el("span", { class: "mark" }, t("rst_left"))] },
          { name: t("rst_name"), of: (each) => each.name }, { name: t("rst_phone"), of: (each) => each.phone },
          { name: t("rst_licence"), of: (each) => (each.licence_until ? dayText(each.licence_until) : "—") },
          { name: t("rst_change"), of: (each) => !each.left_at && acts(each, each.name, [t("rst_change"), () => driverForm(each, onDone)], [t("rst_new_pin"), () => newPin(each, onDone)], [t("rst_leave"), () => removed(`drivers/${each.number}`, each, t("rst_leave"), t("rst_leave_text"), onDone), "danger"]) },
        ], drivers.items)),
      card(t("rst_depots"), isDispatcher && el("div", { class: "actions" }, button(t("rst_add_depot"), () => depotForm(null, onDone), { kind: "primary" })),
        depots.items.length === 0 ? el("p", { class: "empty" }, t("rst_no_depots")) : table(t("rst_depots"), [
          { name: t("rst_code"), of: (each) => each.code }, { name: t("rst_depot"), of: labelOf }, { name: t("rst_vans"), of: (each) => t("rst_vans_n", { n: each.vans }) },
          { name: t("rst_change"), of: (each) => acts(each, each.code, [t("rst_change"), () => depotForm(each, onDone)], [t("rst_remove"), () => removed(`depots/${each.code}`, each, t("rst_remove"), t("rst_remove_text"), onDone), "danger"]) },
        ], depots.items)),
    ],
  };
}

function labelOf(depot) {
  return depot ? (language() === "en" ? depot.label_en : depot.label) : "—";
}

function placesText(layouts) {
  return layouts.map(({ wheelchairs, seats }) => `${wheelchairs}+${seats}`).join("; ");
}

function vanForm(van, depots, onDone) {
  const text = (key, name, more = {}) => field(t(key), { value: van?.[name] ?? "", ...more });
  const whole = (key, name) => text(key, name, { inputmode: "numeric", maxlength: 4 });
  const number = !van && text("rst_number", "number", { maxlength: 12 });
  const fields = { plate: text("rst_plate", "plate", { maxlength: 10 }), model: text("rst_model", "model", { maxlength: 60 }) };
  const depot = choice(t("rst_depot"), depots.map((each) => [each.code, labelOf(each)]), { value: van?.depot ?? depots[0]?.code ?? "" });
  const places = field(t("rst_places"), { value: placesText(van?.layouts ?? []), hint: t("rst_places_hint"), maxlength: 60 });
  const sizes = { chair_width_mm: whole("rst_chair_width", "chair_width_mm"), chair_length_mm: whole("rst_chair_length", "chair_length_mm"), chair_mass_kg: whole("rst_chair_mass", "chair_mass_kg") };
  const flags = { has_lift: checkBox(t("rst_lift"), van?.has_lift ?? true), has_ramp: checkBox(t("rst_ramp"), van?.has_ramp) };
  const oxygen = checkBox(t("rst_oxygen"), van?.features.includes("O"));
  saved(van ? `${t("rst_change")} ${van.number}` : t("rst_add_van"), [number, fields.plate, fields.model, depot, places, ...Object.values(sizes)].filter(Boolean), [flags.has_lift.block, flags.has_ramp.block, oxygen.block], () => {
    const layouts = places.input.value.split(/[;；]/).map((each) => PLACES.exec(each.trim()));
    if (!layouts.every(Boolean)) { places.setError(t("rst_places_wrong")); return null; }
    return {
      ...(number && { number: number.input.value.trim().toUpperCase() }), plate: fields.plate.input.value.trim().toUpperCase(), model: fields.model.input.value.trim(), depot: depot.input.value,
      layouts: layouts.map(([, chairs, seats]) => ({ wheelchairs: Number(chairs), seats: Number(seats) })), ...numbersOf(sizes),
      has_lift: flags.has_lift.input.checked, has_ramp: flags.has_ramp.input.checked, features: oxygen.input.checked ? ["O"] : [],
    };
  }, "vehicles", van && van.number, van, onDone);
}

function driverForm(driver, onDone) {
  const number = !driver && field(t("rst_number"), { inputmode: "numeric", maxlength: 6 });
  const name = field(t("rst_name"), { value: driver?.name ?? "", maxlength: 60 });
  const phone = field(t("rst_phone"), { value: driver?.phone ?? "", inputmode: "tel", maxlength: 10 });
  const licence = field(t("rst_licence"), { type: "date", value: driver?.licence_until ?? "", hint: t("rst_licence_hint") });
  saved(driver ? `${t("rst_change")} ${driver.name}` : t("rst_add_driver"), [number, name, phone].filter(Boolean), [licence.block], () => ({
    ...(number && { number: number.input.value.trim() }), name: name.input.value.trim(), phone: phone.input.value.trim(), licence_until: licence.input.value || null,
  }), "drivers", driver && driver.number, driver, (words, made) => onDone(made?.pin ? t("rst_pin_is", made) : words));
}

function depotForm(depot, onDone) {
  const text = (key, name, more = {}) => field(t(key), { value: depot?.[name] ?? "", ...more });
  const code = !depot && text("rst_code", "code", { maxlength: 30 });
  const fields = { label: text("rst_label", "label"), label_en: text("rst_label_en", "label_en"), district: text("rst_district", "district", { inputmode: "numeric", maxlength: 8 }) };
  const numbers = { latitude: text("rst_latitude", "latitude", { inputmode: "decimal" }), longitude: text("rst_longitude", "longitude", { inputmode: "decimal" }) };
  saved(depot ? `${t("rst_change")} ${depot.code}` : t("rst_add_depot"), [code, ...Object.values(fields), ...Object.values(numbers)].filter(Boolean), [], () => ({
    ...(code && { code: code.input.value.trim() }), ...Object.fromEntries(Object.entries(fields).map(([name, each]) => [name, each.input.value.trim()])), ...numbersOf(numbers),
  }), "depots", depot && depot.code, depot, onDone);
}

function numbersOf(fields) {
  return Object.fromEntries(Object.entries(fields).map(([name, each]) => [name, Number(each.input.value)]));
}

/** A form in a dialog that is sent as a new one, or as a change of what was read. */
function saved(title, needed, more, bodyOf, kind, id, known, onDone) {
  const problem = el("div");
  const key = keyForEach();
  dialogOf(title, (close) => el("form", { class: "form", novalidate: true, on: { submit: (event) => {
    event.preventDefault();
    if (!allFilled(...needed)) return;
    const body = bodyOf();
    if (!body) return;
    busy(event.submitter, problem, async () => {
      const made = known
        ? await call("PATCH", `/v1/dispatch/${kind}/${encodeURIComponent(id)}`, { body, version: known.version })
        : await call("POST", `/v1/dispatch/${kind}`, { body, key: key(body) });
      close();
      onDone(t("rst_saved"), made);
    });
  } } }, needed.map(({ block }) => block), more, problem,
  el("div", { class: "actions" }, el("button", { type: "submit", class: "button primary" }, t("rst_save")), button(t("cancel"), close))), { wide: true });
}

/** Retire, leave, remove: asked once more, and what stands against it is shown. */
function removed(address, known, words, text, onDone) {
  const problem = el("div");
  dialogOf(words, (close) => {
    const act = button(words, () => busy(act, problem, async () => {
      await call("DELETE", `/v1/dispatch/${address}`, { version: known.version });
      close();
      onDone(t("rst_saved"));
    }), { kind: "danger" });
    return [el("p", {}, text), problem, el("div", { class: "actions" }, act, button(t("cancel"), close))];
  });
}

async function newPin(driver, onDone) {
  if (!await confirmed(t("rst_new_pin"), t("rst_new_pin_text"), t("rst_new_pin"))) return;
  const { pin } = await call("POST", `/v1/dispatch/drivers/${driver.number}/pin`);
  onDone(t("rst_pin_is", { name: driver.name, pin }));
}
