// Starts the phone.
import { call, configureCalls } from "./api.js";
import { announce } from "./dom.js";
import { buildFrame } from "./frame.js";
import { keepInboxFresh } from "./inbox_watch.js";
import { language, setLanguage, setTextSize, t, textSize } from "./language.js";
import { go, route, show, startRouter } from "./router.js";
import { change, keepReturn, state } from "./state.js";
import { proveAgain } from "./stepup.js";
import { bankReturn, banks } from "./views/banks.js";
import { bill } from "./views/bill.js";
import { bills } from "./views/bills.js";
import { history } from "./views/history.js";
import { inbox, message } from "./views/inbox.js";
import { me } from "./views/me.js";
import { payment } from "./views/payment.js";
import { pay } from "./views/pay.js";
import { points } from "./views/points.js";
import { receipt } from "./views/receipt.js";
import { security } from "./views/security.js";
import { signIn } from "./views/sign_in.js";
import { vehicles } from "./views/vehicles.js";

const SIGN_IN = "/app/sign-in";

/** Load who is signed in. A session that is not there leaves `state.me` empty and raises nothing. */
async function refreshMe() {
  try {
    const me = await call("GET", "/v1/me", { quiet: true });
    change({ me });
    if (me.language !== language()) await call("PATCH", "/v1/me", { body: { language: language() }, quiet: true });
  } catch (failure) {
    if (failure.status !== 401) throw failure;
    change({ me: null });
  }
}

/** A screen that only somebody signed in may see; others are led to sign in and then back. */
function own(screen) {
  return async (place) => {
    if (!state.me) await refreshMe();
    if (!state.me) return toSignIn();
    return screen(place);
  };
}

function toSignIn() {
  change({ me: null, unread: 0, newestMessageId: null });
  if (window.location.pathname !== SIGN_IN) keepReturn(window.location.pathname + window.location.search);
  go(SIGN_IN, { replace: true });
  return null;
}

async function onLanguage() {
  if (state.me) call("PATCH", "/v1/me", { body: { language: language() }, quiet: true }).catch(() => {});
  await show();
}

function registerServiceWorker() {
  if (!("serviceWorker" in navigator)) return;
  const address = "/app/sw.js";
  const policy = window.trustedTypes?.createPolicy("phone", {
    createScriptURL: (text) => { if (text !== address) throw new TypeError(text); return text; },
  });
  navigator.serviceWorker.register(policy ? policy.createScriptURL(address) : address, { scope: "/app" }).catch(() => {});
}

async function start() {
  setLanguage(language());
  setTextSize(textSize());
  const frame = buildFrame(document.getElementById("frame"), { onLanguage });
  configureCalls({
    prove: () => proveAgain({ refreshMe, onOtherPerson: () => { announce(t("other_person"), { urgent: true }); go("/app"); } }),
    signedOut: toSignIn,
    reached: frame.reached,
  });
  route(SIGN_IN, (place) => signIn(place, { refreshMe }));
  route("/app", own(bills));
  route("/app/bills/:id", own(bill));
  route("/app/pay", own(pay));
  route("/app/payments", own(history));
  route("/app/payments/:id", own(payment));
  route("/app/payments/:id/receipt", own(receipt));
  route("/app/points", own(points));
  route("/app/inbox", own(inbox));
  route("/app/inbox/:id", own(message));
  route("/app/me", own((place) => me(place, { onLanguage })));
  route("/app/me/vehicles", own(vehicles));
  route("/app/me/banks", own(banks));
  route("/app/me/security", own((place) => security(place, { refreshMe })));
  route("/app/bank-return", own(bankReturn));
  startRouter(frame.main, frame.shown);
  change({ config: await readConfig() });
  await show();
  keepInboxFresh();
  registerServiceWorker();
}

async function readConfig() {
  try {
    return await call("GET", "/app/config.json", { quiet: true });
  } catch {
    return state.config;
  }
}

start();
