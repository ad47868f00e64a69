// The camera of this device as a scanner. Where the browser reads codes by itself (Shape Detection API) it does, QR and barcode; elsewhere, as on
// most PCs, the QR code is read here.
import { el } from "./dom.js";
import { isPayCode } from "./pay_code.js";
import { digitsInPicture } from "./qr_find.js";

const EVERY_MS = 150;
const FORMATS = ["qr_code", "code_128"];
// A picture this long is enough for a code held up to it, and read in a moment.
const LONGEST_SIDE = 720;

/** Whether this browser can use a camera at all. */
export function canScan() {
  return Boolean(navigator.mediaDevices?.getUserMedia);
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
  const read = await reader();
  while (!signal.aborted) {
    const code = (await read(video)).map((text) => text.trim()).find(isPayCode);
    if (code && !signal.aborted) { onCode(code); return; }
    await new Promise((resolve) => { window.setTimeout(resolve, EVERY_MS); });
  }
}

/** What the codes in a video say now. */
async function reader() {
  const known = "BarcodeDetector" in window ? await BarcodeDetector.getSupportedFormats().catch(() => []) : [];
  const formats = FORMATS.filter((format) => known.includes(format));
  if (formats.includes("qr_code")) {
    const detector = new BarcodeDetector({ formats });
    return async (video) => (await detector.detect(video).catch(() => [])).map(({ rawValue }) => rawValue);
  }
  const canvas = el("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const share = Math.min(1, LONGEST_SIDE / Math.max(video.videoWidth, video.videoHeight, 1));
    canvas.width = Math.max(1, Math.round(video.videoWidth * share));
    canvas.height = Math.max(1, Math.round(video.videoHeight * share));
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const digits = digitsInPicture(context.getImageData(0, 0, canvas.width, canvas.height));
    return digits ? [digits] : [];
  };
}
