// The camera of this device as a scanner, where the browser reads codes by itself (Shape Detection API).
import { el } from "./dom.js";
import { isPayCode } from "./pay_code.js";

const EVERY_MS = 150;

/** Whether this browser can read codes with its camera. */
export async function canScan() {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return false;
  return (await BarcodeDetector.getSupportedFormats().catch(() => [])).some((format) => ["qr_code", "code_128"].includes(format));
}

/** Show the camera's picture in `place` until a pay code is in it, then call `onCode(digits)`; ends with `signal`. Raises what the browser refuses with. */
export async function scan(place, { onCode, signal }) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 } } });
  const stop = () => { for (const track of stream.getTracks()) track.stop(); };
  signal.addEventListener("abort", stop);
  if (signal.aborted) { stop(); return; }
  const video = el("video", { class: "camera", playsinline: true, muted: true, properties: { srcObject: stream, muted: true } });
  place.replaceChildren(video);
  await video.play();
  const detector = new BarcodeDetector({ formats: ["qr_code", "code_128"] });
  while (!signal.aborted) {
    const seen = await detector.detect(video).catch(() => []);
    const code = seen.map(({ rawValue }) => rawValue.trim()).find(isPayCode);
    if (code && !signal.aborted) { onCode(code); return; }
    await new Promise((resolve) => { window.setTimeout(resolve, EVERY_MS); });
  }
}
