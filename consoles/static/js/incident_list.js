// What drivers reported and nobody has taken care of yet: above everything else at the dispatch desk, and said aloud when it comes.
import { call } from "./api.js";
import { clockText } from "./dispatch_day.js";
import { announce, el, fill } from "./dom.js";
import { t } from "./language.js";
import { watched } from "./live.js";
import { busy, button, card, field } from "./parts.js";

const ADDRESS = "/v1/dispatch/incidents";
const REFRESH_MS = 5000;
const URGENT = ["accident", "rider_unwell"];

/** The list, hidden while there is nothing; it keeps itself up to date until `signal` aborts. */
export function incidentList(signal) {
  const list = el("ul", { class: "list", role: "list" });
  const block = card(t("incidents"), list);
  let known = [];
  block.hidden = true;
  block.classList.add("incidents");

  const draw = ({ items }) => {
    const ids = items.map(({ id }) => id);
    if (ids.join() === known.join()) return;
    const fresh = items.filter(({ id }) => !known.includes(id));
    if (fresh.length) announce(fresh.map((each) => `${each.vehicle} ${t(`incident_${each.kind}`)}`).join(t("and")), { urgent: true });
    // A word that is being written stays where it is.
    const kept = new Map([...list.children].map((row) => [row.dataset.incident, row]));
    known = ids;
    block.hidden = items.length === 0;
    fill(list, items.map((each) => kept.get(each.id) || row(each)));
  };
  const row = (each) => {
    const note = field(t("incident_done_note"), { maxlength: 200 });
    const problem = el("div");
    const done = button(t("incident_done"), () => busy(done, problem, async () => {
      await call("PUT", `${ADDRESS}/${each.id}/handling`, { body: { note: note.input.value.trim() } });
      announce(t("incident_done_said", { van: each.vehicle }));
      draw(await call("GET", ADDRESS, { signal }));
    }), { kind: "primary" });
    return el("li", { class: "incident", "data-incident": each.id },
      el("p", {}, el("span", { class: `mark ${URGENT.includes(each.kind) ? "bad" : "warn"}` }, t(`incident_${each.kind}`)), " ",
        el("strong", {}, `${clockText(each.at)} ${each.vehicle} ${each.driver_name}`), " ", el("a", { class: "phone", href: `tel:${each.driver_phone}` }, each.driver_phone)),
      each.note && el("p", {}, each.note), el("div", { class: "incident-done" }, note.block, done), problem);
  };
  watched(ADDRESS, { signal, draw, onLost: () => {}, everyMs: REFRESH_MS });
  return block;
}
