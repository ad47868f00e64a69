// Our own drawings, on a 24 × 24 grid, drawn with the colour of the text around them. Always decoration: words stand beside them.
import { svg } from "./dom.js";

const LINES = {
  bills: ["M6 3h12v18l-3-2-3 2-3-2-3 2z", "M9 8h6", "M9 12h6"],
  history: ["M12 7v5l3.5 2", "M4.2 9.5A8.2 8.2 0 1 1 3.8 13", "M3.5 5v5h5"],
  points: ["M12 3.5l2.5 5.3 5.7.8-4.1 4 1 5.8-5.1-2.8-5.1 2.8 1-5.8-4.1-4 5.7-.8z"],
  inbox: ["M3.5 6h17v12.5h-17z", "M3.8 6.5l8.2 6.7 8.2-6.7"],
  me: ["M12 12.2a4.1 4.1 0 1 0 0-8.2 4.1 4.1 0 0 0 0 8.2z", "M4.2 20.5c.9-3.8 4-5.7 7.8-5.7s6.9 1.9 7.8 5.7"],
  parking: ["M4 4h16v16H4z", "M9.5 17V7.5h3.3a3 3 0 0 1 0 6H9.5"],
  fine: ["M5.5 3h9.5l3.5 3.5V21h-13z", "M12 8.5v5", "M12 16.7v.1"],
  car: ["M4 16.5v-4l2-5.5h12l2 5.5v4z", "M4 12.5h16", "M6.5 16.5v2.5", "M17.5 16.5v2.5", "M7.5 14.5h1", "M15.5 14.5h1"],
  motorcycle: ["M6 19.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6z", "M18 19.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6z", "M6 16.5l4-5h5l3 5", "M13 6.5h2.5l2.5 10", "M7 11.5h3"],
  large: ["M2.5 16.5v-10h12v10z", "M14.5 10h4l3 3.5v3h-7", "M6.5 19.5a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z", "M17.5 19.5a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z"],
  bank: ["M3.5 9.5L12 4l8.5 5.5z", "M6 10v7", "M10 10v7", "M14 10v7", "M18 10v7", "M3.5 20h17", "M4.5 17h15"],
  key: ["M8 15.5a4 4 0 1 1 3.7-5.5H21v4h-2.5v2.5h-3V14h-3.8A4 4 0 0 1 8 15.5z", "M8 11.5v.1"],
  finger: ["M7 19c1-2 1.5-4.5 1.5-7a3.5 3.5 0 0 1 7 0c0 3-.5 5.5-1.5 8", "M12 12c0 3.5-.7 6.5-2 9", "M5 16c.6-1.3.8-2.7.8-4a6.2 6.2 0 0 1 11-4", "M18.2 11c.2 2.7-.1 5-.7 7.5"],
  clock: ["M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17z", "M12 7.5V12l3 2"],
  overdue: ["M12 4l9 16H3z", "M12 10v4.5", "M12 17v.1"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  cross: ["M6.5 6.5l11 11", "M17.5 6.5l-11 11"],
  info: ["M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17z", "M12 11v5", "M12 8v.1"],
  back: ["M14.5 5.5L8 12l6.5 6.5"],
  forward: ["M9.5 5.5L16 12l-6.5 6.5"],
  plus: ["M12 5.5v13", "M5.5 12h13"],
  pdf: ["M6 3h8l4 4v14H6z", "M14 3v4h4", "M9 13h6", "M9 16.5h6"],
  undo: ["M8.5 5.5L4.5 9.5l4 4", "M5 9.5h9a5 5 0 0 1 0 10h-3"],
  bell: ["M6.5 16.5V11a5.5 5.5 0 0 1 11 0v5.5l1.5 1.5H5z", "M10.5 20.5h3"],
  phone: ["M7.5 3h9v18h-9z", "M11 18.3h2"],
  language: ["M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17z", "M3.8 12h16.4", "M12 3.5c2.5 2.4 3.6 5.3 3.6 8.5s-1.1 6.1-3.6 8.5c-2.5-2.4-3.6-5.3-3.6-8.5s1.1-6.1 3.6-8.5z"],
  text: ["M3.5 19l5-13h1l5 13", "M5.2 14.5h7.6", "M15.5 19l2.8-7.5h.9L22 19", "M16.5 16.5h4.5"],
  leave: ["M14 4.5H5v15h9", "M10 12h11", "M17.5 8.5L21 12l-3.5 3.5"],
  shield: ["M12 3.5l7.5 2.7v5.3c0 4.5-3 7.6-7.5 9.5-4.5-1.9-7.5-5-7.5-9.5V6.2z", "M8.8 12l2.3 2.3 4.3-4.6"],
  offline: ["M4 4l16 16", "M5 12.5a10 10 0 0 1 3.5-2.3", "M12.5 9.5a10 10 0 0 1 6.5 3", "M8.5 16a5 5 0 0 1 7 0", "M12 19.5v.1"],
  wait: ["M7 3.5h10", "M7 20.5h10", "M8 3.5c0 5 8 7 8 8.5s-8 3.5-8 8.5", "M16 3.5c0 5-8 7-8 8.5s8 3.5 8 8.5"],
};

export function icon(name, className = "") {
  return svg("svg", { viewBox: "0 0 24 24", class: `icon ${className}`, "aria-hidden": "true", focusable: "false" },
    LINES[name].map((path) => svg("path", { d: path })));
}

/** Our sign: a harbour light over two waves. */
export function sign() {
  return svg("svg", { viewBox: "0 0 32 32", class: "sign", "aria-hidden": "true", focusable: "false" },
    svg("circle", { class: "sign-sun", cx: 22.5, cy: 9, r: 4 }),
    svg("path", { class: "sign-tower", d: "M8.5 20l1.5-11.5h4L15.5 20z M9.5 8.5V6L12 4l2.5 2v2.5z" }),
    svg("path", { class: "sign-wave", d: "M2.5 22.5c2.3-2 4.4-2 6.7 0s4.5 2 6.8 0 4.5-2 6.8 0 4.4 2 6.7 0" }),
    svg("path", { class: "sign-wave", d: "M2.5 27c2.3-2 4.4-2 6.7 0s4.5 2 6.8 0 4.5-2 6.8 0 4.4 2 6.7 0" }));
}

/** The harbour at dusk, behind the sum on the first screen. */
export function harbour() {
  return svg("svg", { viewBox: "0 0 720 200", class: "harbour", preserveAspectRatio: "xMaxYMax slice", "aria-hidden": "true", focusable: "false" },
    svg("circle", { class: "h-sun", cx: 590, cy: 108, r: 46 }),
    svg("path", { class: "h-hill", d: "M250 150c60-34 110-52 170-38 40 9 60-14 104-20 60-8 120 30 196 58v50H250z" }),
    svg("path", { class: "h-city", d: "M452 150V96h10v-8h8v8h8v54h8v-34h20v34h6V72l5-6V44l4-18 4 18v22l5 6v78h6v-40h24v40h8v-26h16v26z" }),
    svg("path", { class: "h-crane", d: "M636 150v-64h-34l34-20v-14h6v14l46 20h-40v64h-5V90h-2v60z" }),
    svg("path", { class: "h-light", d: "M372 150l5-44h12l5 44z M376 106v-9h14v9z M379 97l4-9 4 9z" }),
    svg("path", { class: "h-sea1", d: "M0 152c30-9 60-9 90 0s60 9 90 0 60-9 90 0 60 9 90 0 60-9 90 0 60 9 90 0 60-9 90 0 60 9 90 0v48H0z" }),
    svg("path", { class: "h-sea2", d: "M0 172c36-10 72-10 108 0s72 10 108 0 72-10 108 0 72 10 108 0 72-10 108 0 72 10 108 0 72-10 72-6v34H0z" }));
}
