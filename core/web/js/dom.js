// Builds the page from plain values. Text always becomes a text node: nothing that came over the network is ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `attributes`: strings are set as they are, `true` sets an empty attribute, `false`/`null` leaves it out,
 * `on` holds event listeners, `properties` are assigned (value, checked, indeterminate). Children: nodes, strings, numbers, lists, null.
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  const { on = {}, properties = {}, ...rest } = attributes;
  for (const [key, value] of Object.entries(rest)) setAttribute(element, key, value);
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  element.append(...flat(children));
  Object.assign(element, properties);
  return element;
}

/** A drawing element; `children` are other drawing elements. */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) setAttribute(element, key, value);
  element.append(...flat(children));
  return element;
}

/** Replace everything inside `parent`. */
export function fill(parent, ...children) {
  parent.replaceChildren(...flat(children));
  return parent;
}

/** Move the reader's place to `element` (a heading or a message), whether or not it can normally be focused. */
export function focusOn(element) {
  if (!element) return;
  if (!element.matches("a[href], button, input, select, textarea")) element.tabIndex = -1;
  element.focus();
}

const announcements = new Map();

/** Have a screen reader say `text` when it next pauses; `urgent` interrupts. */
export function announce(text, { urgent = false } = {}) {
  const region = document.getElementById(urgent ? "alarm" : "announcer");
  region.textContent = "";
  window.clearTimeout(announcements.get(region));
  announcements.set(region, window.setTimeout(() => { region.textContent = text; }, 120));
}

function setAttribute(element, key, value) {
  if (value === false || value === null || value === undefined) return;
  element.setAttribute(key, value === true ? "" : String(value));
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}
