// The code that a till reads: QR and barcode on white, its digits, and a ring that says for how long it is good.
import { code128 } from "../code128.js";
import { el, fill, svg } from "../dom.js";
import { t } from "../language.js";
import { payCode, stepNow } from "../pay_key.js";
import { qrOf } from "../qr.js";

const QUIET_MODULES = 4;
const BARCODE_HEIGHT = 42;

/**
 * {block, setKey(key), used()}: draws the code of the key's present step until `signal` aborts. After `used()` the step's
 * code is no good any more: the next one is waited for.
 */
export function payCodeSheet(signal) {
  const qr = el("div", { class: "pay-qr" });
  const barcode = el("div", { class: "pay-barcode" });
  const digits = el("p", { class: "pay-digits mono" });
  const ring = svg("circle", { class: "ring-left", cx: 18, cy: 18, r: 15, pathLength: 1 });
  const left = el("span", { class: "ring-words", "aria-hidden": "true" });
  const said = el("p", { class: "hint" });
  const codes = el("div", { class: "pay-codes" }, qr, barcode, digits);
  const waiting = el("p", { class: "pay-waiting", hidden: true });
  const block = el("figure", { class: "code-sheet pay-sheet", "aria-label": t("pay_code") }, codes, waiting,
    el("figcaption", { class: "pay-ring" }, el("span", { class: "ring" },
      svg("svg", { viewBox: "0 0 36 36", "aria-hidden": "true", focusable: "false" }, svg("circle", { class: "ring-ground", cx: 18, cy: 18, r: 15 }), ring), left), said));
  let key = null;
  let drawn = null;
  let usedStep = -1;

  const draw = async () => {
    if (!key) return;
    const { step, secondsLeft } = stepNow(key);
    fill(left, secondsLeft);
    ring.setAttribute("stroke-dasharray", `${secondsLeft / key.stepSeconds} 1`);
    const isUsed = step <= usedStep;
    codes.hidden = isUsed;
    waiting.hidden = !isUsed;
    fill(said, t("pay_code_changes", { n: key.stepSeconds }));
    if (isUsed) fill(waiting, t("pay_code_used", { n: secondsLeft }));
    if (isUsed || (drawn?.step === step && drawn.number === key.number)) return;
    drawn = { step, number: key.number };
    const code = await payCode(key, step);
    fill(qr, qrPicture(code));
    fill(barcode, barcodePicture(code));
    fill(digits, el("span", { "aria-hidden": "true" }, code.match(/.{4}/g).map((group) => el("span", {}, group))),
      el("span", { class: "unseen" }, t("pay_code_digits", { digits: code.match(/.{4}/g).map((group) => [...group].join(" ")).join(", ") })));
  };

  const timer = window.setInterval(draw, 250);
  signal.addEventListener("abort", () => window.clearInterval(timer), { once: true });
  return {
    block,
    setKey: (next) => { key = next; draw(); },
    used: () => { usedStep = key ? stepNow(key).step : -1; draw(); },
  };
}

function qrPicture(code) {
  const modules = qrOf(code);
  const size = modules.length + 2 * QUIET_MODULES;
  const path = modules.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x + QUIET_MODULES} ${y + QUIET_MODULES}h1v1h-1z` : ""))).join("");
  return svg("svg", { viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": t("pay_code_qr"), "shape-rendering": "crispEdges" },
    svg("rect", { width: size, height: size, class: "code-light" }), svg("path", { d: path, class: "code-dark" }));
}

function barcodePicture(code) {
  const { bars, width } = code128(code);
  return svg("svg", { viewBox: `0 0 ${width} ${BARCODE_HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": t("pay_code_barcode"), "shape-rendering": "crispEdges" },
    svg("rect", { width, height: BARCODE_HEIGHT, class: "code-light" }),
    svg("path", { d: bars.map(([x, wide]) => `M${x} 0h${wide}v${BARCODE_HEIGHT}h${-wide}z`).join(""), class: "code-dark" }));
}
