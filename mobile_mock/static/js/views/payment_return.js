// Back from the card's bank or the wallet: everything it sent along is handed in once, then the payment is shown.
import { completionKey } from "../attempts.js";
import { Refusal, Unreached, call } from "../api.js";
import { el, fill } from "../dom.js";
import { t } from "../language.js";
import { buttonLink, heading, problemPanel } from "../parts.js";
import { go } from "../router.js";

export async function paymentReturn({ query, signal }) {
  const result = Object.fromEntries(query);
  const paymentId = result.payment || "";
  const title = t("payment_return_title");
  const place = el("div");
  const seePayment = () => go(`/app/payments/${encodeURIComponent(paymentId)}`, { replace: true });
  const handIn = async () => {
    try {
      await call("POST", `/v1/payments/${encodeURIComponent(paymentId)}/completion`, { body: { result }, key: completionKey(paymentId, result), signal });
    } catch (failure) {
      // Where the payment stands, its own screen finds out; only without a network there is something to do here.
      if (failure instanceof Unreached) {
        fill(place, heading(t("no_network")), problemPanel(failure, { retry: handIn }));
        return true;
      }
      if (!(failure instanceof Refusal) || failure.status === 404) throw failure;
    }
    seePayment();
    return false;
  };
  if (!paymentId) return { title, content: [heading(title), buttonLink(t("history_title"), "/app/payments", { kind: "primary wide" })] };
  return (await handIn()) ? { title, content: [place] } : null;
}
