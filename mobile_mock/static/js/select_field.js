import { el } from "./dom.js";
import { field } from "./parts.js";

/** A labelled list to choose one from, with a hint and a place for its error like any field. `options`: [[value, text], …]. */
export function selectField(label, options, { hint, value = "", ...attributes } = {}) {
  return field(label, { hint, tag: "select", children: options.map(([code, text]) => el("option", { value: code, selected: code === value }, text)), ...attributes });
}
