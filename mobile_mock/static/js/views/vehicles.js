// My vehicles: add a plate, remove one, and take that back.
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { momentText, plate } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, empty, field, heading, problemPanel } from "../parts.js";

const KINDS = ["car", "motorcycle", "large"];

export async function vehicles({ signal }) {
  const { items } = await call("GET", "/v1/me/vehicles", { signal });
  const list = el("ul", { class: "list", role: "list" });
  const none = el("div");
  const noteEmpty = () => fill(none, list.children.length === 0 && empty("car", t("no_vehicles_title"), t("no_vehicles_detail")));
  list.append(...items.map((item) => vehicleRow(item)));
  noteEmpty();
  const title = t("vehicles_title");
  return {
    title,
    content: [heading(title, { back: "/app/me", backText: t("nav_me") }), none, list,
      addForm((item) => { list.append(vehicleRow(item)); noteEmpty(); })],
  };
}

function vehicleRow(item) {
  const problem = el("div");
  const row = el("li", { class: "row plain" });
  const remove = button(t("remove"), () => busy(remove, problem, async () => {
    await call("DELETE", `/v1/me/vehicles/${item.id}`);
    announce(t("vehicle_removed", { plate: item.plate }));
    drawRemoved(row, item);
  }), { kind: "small quiet", "aria-label": t("remove_of", { name: item.plate }) });
  fill(row, icon(item.vehicle, "large-icon"), el("span", { class: "row-words" }, el("span", {}, plate(item.plate)),
    el("span", { class: "hint" }, t(`vehicle_${item.vehicle}`), " · ", t("added_at", { when: momentText(item.added_at) })), problem), remove);
  return row;
}

/** The row stays until the screen is left: taking a removal back is not a race against a clock. */
function drawRemoved(row, item) {
  const problem = el("div");
  const undo = button(t("undo"), () => busy(undo, problem, async () => {
    const again = await call("POST", "/v1/me/vehicles", { body: { plate: item.plate, vehicle: item.vehicle } });
    announce(t("vehicle_added", { plate: item.plate }));
    row.replaceWith(vehicleRow(again));
  }), { kind: "small", iconName: "undo", "aria-label": t("undo_of", { name: item.plate }) });
  fill(row, el("span", { class: "row-words" }, t("vehicle_removed", { plate: item.plate }), problem), undo);
  undo.focus();
}

function addForm(onAdded) {
  const problem = el("div");
  const input = field(t("plate"), { hint: t("plate_hint"), name: "plate", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: "10", class: "input plate-input" });
  const add = button(t("add_plate"), null, { kind: "primary wide", type: "submit", iconName: "plus" });
  const submit = (event) => {
    event.preventDefault();
    const text = input.input.value.normalize("NFKC").replace(/\s/g, "").toUpperCase();
    input.setError(/^[0-9A-Z]{2,4}-[0-9A-Z]{2,4}$/.test(text) ? "" : t("plate_wrong"));
    if (input.input.hasAttribute("aria-invalid")) return input.input.focus();
    const kind = new FormData(event.target).get("vehicle");
    return busy(add, problem, async () => {
      try {
        const item = await call("POST", "/v1/me/vehicles", { body: kind ? { plate: text, vehicle: kind } : { plate: text } });
        onAdded(item);
        announce(t("vehicle_added", { plate: item.plate }));
        event.target.reset();
        input.input.focus();
      } catch (failure) {
        fill(problem, problemPanel(failure));
      }
    });
  };
  return el("form", { class: "card form", novalidate: true, on: { submit } }, el("h2", {}, t("add_plate")), input.block,
    el("fieldset", { class: "choices in-line" }, el("legend", {}, t("vehicle_kind")),
      KINDS.map((kind, place) => el("label", { class: "choice small" },
        el("input", { type: "radio", class: "radio", name: "vehicle", value: kind, checked: place === 0 }), icon(kind), el("span", {}, t(`vehicle_${kind}`))))),
    el("p", { class: "hint" }, t("plate_why")), problem, add);
}
