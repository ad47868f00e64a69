// My places: home, the hospital, the day centre; so that asking for a ride is two presses.
import { call } from "../api.js";
import { mayNow } from "../acting.js";
import { announce, el, focusOn } from "../dom.js";
import { t } from "../language.js";
import { busy, button, confirmed, empty, field, heading } from "../parts.js";
import { addressOf, nameOf, placeChoice } from "../place_choice.js";
import { show } from "../router.js";
import { forgetTyped, keeping, keepTyped, typed } from "../typed.js";

export async function riderPlaces({ signal }) {
  const { items } = await call("GET", "/v1/rider/places", { signal });
  const title = t("rider_places_title");
  return {
    title,
    content: [heading(title, { back: "/app/rides", backText: t("rides_title") }),
      items.length === 0 ? empty("pin", t("rider_places_none"), t("rider_places_none_detail")) : el("ul", { class: "list", role: "list" }, items.map(placeRow)),
      mayNow("rides:book") && placeForm(signal)],
  };
}

function placeRow(place) {
  const problem = el("div");
  const remove = button(t("remove"), async () => {
    if (!await confirmed(t("remove_of", { name: nameOf(place) }), t("rider_place_remove_ask"), t("remove"), { dangerous: true })) return;
    busy(remove, problem, async () => {
      await call("DELETE", `/v1/rider/places/${encodeURIComponent(place.place_id)}`);
      await show();
      announce(t("rider_place_removed"));
    });
  }, { kind: "small quiet", "aria-label": t("remove_of", { name: nameOf(place) }) });
  return el("li", { class: "row plain" }, el("span", { class: "row-words" }, el("span", { class: "row-title" }, nameOf(place)), el("span", { class: "hint" }, addressOf(place)),
    place.directions && el("span", { class: "hint" }, place.directions), problem), mayNow("rides:book") && remove);
}

function placeForm(signal) {
  const problem = el("div");
  const name = keeping(field(t("rider_place_name"), { maxlength: "20", hint: t("rider_place_name_hint") }), "place.name");
  const place = placeChoice(t("rider_place_where"), { place: typed("place"), signal, onChange: (chosen) => {
    keepTyped("place", chosen);
    if (chosen && !name.input.value) name.input.value = chosen.kind === "pin" ? "" : nameOf(chosen).slice(0, 20);
  } });
  const send = button(t("rider_place_add"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    place.setError(place.value() ? "" : t("rider_place_missing"));
    name.setError(name.input.value.trim() ? "" : t("rider_place_name_missing"));
    if (!place.value()) { place.focus(); return; }
    if (!name.input.value.trim()) { focusOn(name.input); return; }
    busy(send, problem, async () => {
      await call("POST", "/v1/rider/places", { body: { name: name.input.value.trim(), ...place.value() } });
      for (const kept of ["place", "place.name"]) forgetTyped(kept);
      await show();
      announce(t("rider_place_added"));
    });
  };
  return el("form", { class: "card form", novalidate: true, on: { submit } }, el("h2", {}, t("rider_place_add")), place.block, name.block, problem, send);
}
