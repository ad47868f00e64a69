// Starts the desks.
import { whenSignedOut } from "./api.js";
import { DESKS } from "./desks.js";
import { buildFrame, desksOf } from "./frame.js";
import { language, setLanguage, setTextSize, textSize } from "./language.js";
import { officer, refreshOfficer, setOfficer } from "./officer.js";
import { go, route, show, startRouter } from "./router.js";
import { signInScreen } from "./sign_in.js";

const SIGN_IN = "/desk/sign-in";
let returnTo = "/desk";
let isOver = false;

/** A screen that only an officer may see; others are led to sign in and then back. Looking at one counts as work. */
function own(screen) {
  return async (place) => {
    const wasSignedIn = officer() !== null;
    await refreshOfficer();
    if (place.signal.aborted) return null;
    return officer() ? screen(place) : toSignIn({ hasEnded: wasSignedIn, comesBack: true });
  };
}

/** `hasEnded`: the session has ended by itself. `comesBack`: whoever signs in next goes on where this one was. */
function toSignIn({ hasEnded, comesBack }) {
  setOfficer(null);
  isOver = hasEnded;
  const { pathname, search } = window.location;
  if (pathname !== SIGN_IN) returnTo = comesBack ? pathname + search : "/desk";
  go(SIGN_IN, { replace: true });
  return null;
}

function firstDesk() {
  go(desksOf(officer())[0].path, { replace: true });
  return null;
}

async function start() {
  setLanguage(language());
  setTextSize(textSize());
  const frame = buildFrame(document.getElementById("frame"), { onLanguage: () => show(), onSignedOut: toSignIn });
  whenSignedOut(() => toSignIn({ hasEnded: true, comesBack: true }));
  route(SIGN_IN, () => signInScreen({ isOver, onSignedIn: () => { isOver = false; return go(returnTo, { replace: true }); } }));
  route("/desk", own(firstDesk));
  for (const { screens } of DESKS) {
    for (const [pattern, screen] of Object.entries(screens)) route(pattern, own(screen));
  }
  startRouter(frame.main, frame.shown);
  await show();
}

start();
