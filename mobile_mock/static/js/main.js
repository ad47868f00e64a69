// Starts the phone.
import { stopActing } from "./acting.js";
import { Unreached, call, configureCalls } from "./api.js";
import { mendDevice } from "./device.js";
import { announce } from "./dom.js";
import { buildFrame } from "./frame.js";
import { keepInboxFresh } from "./inbox_watch.js";
import { language, setLanguage, setTextSize, t, textSize } from "./language.js";
import { forgetPayKey } from "./pay_key.js";
import { go, route, show, startRouter } from "./router.js";
import { onward } from "./sites.js";
import { change, keepReturn, state } from "./state.js";
import { proveAgain } from "./stepup.js";
import { accessLog } from "./views/access_log.js";
import { automaticDebit } from "./views/automatic_debit.js";
import { banks } from "./views/banks.js";
import { bill } from "./views/bill.js";
import { bills } from "./views/bills.js";
import { bookRide } from "./views/book_ride.js";
import { cards } from "./views/cards.js";
import { changePassword } from "./views/change_password.js";
import { consent } from "./views/consent.js";
import { consents } from "./views/consents.js";
import { delegation } from "./views/delegation.js";
import { offerDelegation } from "./views/delegation_offer.js";
import { delegations } from "./views/delegations.js";
import { earning } from "./views/earning.js";
import { enrol } from "./views/enrol.js";
import { firstMobile } from "./views/first_mobile.js";
import { exchange } from "./views/exchange.js";
import { exchangeOutcome } from "./views/exchange_outcome.js";
import { exchangeWith } from "./views/exchange_with.js";
import { history } from "./views/history.js";
import { inbox } from "./views/inbox.js";
import { accountReturn } from "./views/account_return.js";
import { linkAccount, linkedAccounts } from "./views/linked_accounts.js";
import { bankReturn, chooseBank } from "./views/link_bank.js";
import { me } from "./views/me.js";
import { message } from "./views/message.js";
import { notMe } from "./views/not_me.js";
import { aboutMe } from "./views/about_me.js";
import { notificationSettings } from "./views/notification_settings.js";
import { applyWithShop, ownShops } from "./views/owner.js";
import { ownMoney } from "./views/owner_money.js";
import { ownOffers } from "./views/owner_offers.js";
import { ownBranches, ownTills } from "./views/owner_places.js";
import { ownAccount, ownShop } from "./views/owner_shop.js";
import { ownStaff } from "./views/owner_staff.js";
import { overpayments } from "./views/overpayments.js";
import { payment } from "./views/payment.js";
import { paymentReturn } from "./views/payment_return.js";
import { pay } from "./views/pay.js";
import { payAtShop } from "./views/pay_at_shop.js";
import { points } from "./views/points.js";
import { receipt } from "./views/receipt.js";
import { receipts, receiptsOfYear } from "./views/receipts.js";
import { redemption } from "./views/redemption.js";
import { forgotPassword } from "./views/recovery.js";
import { recoveryCodes } from "./views/recovery_codes.js";
import { askRefund } from "./views/refunds.js";
import { ride } from "./views/ride.js";
import { cancelRide } from "./views/ride_cancel.js";
import { changeRide } from "./views/ride_change.js";
import { rideRequest } from "./views/ride_request.js";
import { noShows, rideFleets, rideQuota } from "./views/ride_rules.js";
import { rideSeries } from "./views/ride_series.js";
import { rideWait } from "./views/ride_wait.js";
import { riderProfile } from "./views/rider.js";
import { riderPlaces } from "./views/rider_places.js";
import { rides } from "./views/rides.js";
import { security } from "./views/security.js";
import { shop, shopByCode } from "./views/shop.js";
import { shops } from "./views/shops.js";
import { signIn } from "./views/sign_in.js";
import { signInToSite } from "./views/sign_in_to_site.js";
import { slip } from "./views/slip.js";
import { authenticatorApp } from "./views/totp.js";
import { subscription } from "./views/subscription.js";
import { subscriptions } from "./views/subscriptions.js";
import { thisDevice } from "./views/this_device.js";
import { topic } from "./views/topic.js";
import { topics } from "./views/topics.js";
import { vehicles } from "./views/vehicles.js";

const SIGN_IN = "/app/sign-in";
const SCREENS = {
  "/app": bills,
  "/app/bills/:id": bill,
  "/app/pay": pay,
  "/app/slips/:id": slip,
  "/app/payments": history,
  "/app/payments/:id": payment,
  "/app/payments/:id/receipt": receipt,
  "/app/payments/:id/refund": askRefund,
  "/app/payment-return": paymentReturn,
  "/app/points": points,
  "/app/points/exchange": exchange,
  "/app/points/exchange/:code": exchangeWith,
  "/app/points/exchanges/:id": exchangeOutcome,
  "/app/points/shops": shops,
  "/app/points/earn": earning,
  "/app/points/redemptions/:id": redemption,
  "/app/shops": shopByCode,
  "/app/shops/:code": shop,
  "/app/rides": rides,
  "/app/rides/book": bookRide,
  "/app/rides/profile": riderProfile,
  "/app/rides/places": riderPlaces,
  "/app/rides/fleets": rideFleets,
  "/app/rides/quota": rideQuota,
  "/app/rides/series": rideSeries,
  "/app/rides/no-shows": noShows,
  "/app/rides/requests/:id": rideRequest,
  "/app/rides/waitlist/:id": rideWait,
  "/app/rides/:id/cancel": cancelRide,
  "/app/rides/:id/change": changeRide,
  "/app/rides/:id": ride,
  "/app/inbox": inbox,
  "/app/inbox/:id": message,
  "/app/topics": topics,
  "/app/topics/:code": topic,
  "/app/subscriptions": subscriptions,
  "/app/subscriptions/:id": subscription,
  "/app/notifications": notificationSettings,
  "/app/notifications/about-me": aboutMe,
  "/app/automatic-debits": automaticDebit,
  "/app/me/vehicles": vehicles,
  "/app/me/banks": banks,
  "/app/me/accounts": banks,
  "/app/me/banks/link": chooseBank,
  "/app/me/cards": cards,
  "/app/me/receipts": receipts,
  "/app/me/receipts/:year": receiptsOfYear,
  "/app/me/overpayments": overpayments,
  "/app/me/shops": ownShops,
  "/app/me/shops/new": applyWithShop,
  "/app/me/shops/:id": ownShop,
  "/app/me/shops/:id/account": ownAccount,
  "/app/me/shops/:id/branches": ownBranches,
  "/app/me/shops/:id/staff": ownStaff,
  "/app/me/shops/:id/tills": ownTills,
  "/app/me/shops/:id/offers": ownOffers,
  "/app/me/shops/:id/money": ownMoney,
  "/app/me/access-log": accessLog,
  "/app/me/linked-accounts": linkedAccounts,
  "/app/me/consents": consents,
  "/app/me/delegations": delegations,
  "/app/me/delegations/new": offerDelegation,
  "/app/me/delegations/:id": delegation,
  "/app/consent": consent,
  "/app/me/password": changePassword,
  "/app/me/this-device": thisDevice,
  "/app/me/totp": authenticatorApp,
  "/app/me/recovery-codes": recoveryCodes,
  "/app/bank-return": bankReturn,
};

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

/** A screen that only somebody signed in may see; others are led to sign in and then back. One that
 * `worksOffline` is shown too where nobody can say who is signed in. */
function own(screen, { worksOffline = false } = {}) {
  return async (place) => {
    try {
      if (!state.me) await refreshMe();
    } catch (failure) {
      if (worksOffline && failure instanceof Unreached) return screen(place);
      throw failure;
    }
    if (!state.me) return toSignIn();
    return screen(place);
  };
}

function toSignIn() {
  stopActing();
  forgetPayKey().catch(() => {});
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
  const prove = (asked) => proveAgain(asked, { refreshMe, onOtherPerson: () => { announce(t("other_person"), { urgent: true }); go("/app"); } });
  configureCalls({
    prove,
    signedOut: toSignIn,
    reached: frame.reached,
  });
  route(SIGN_IN, (place) => (place.query.has("authorization") ? signInToSite(place, { refreshMe, prove }) : signIn(place, { refreshMe })));
  route("/app/onward", onward);
  route("/app/forgot-password", forgotPassword);
  route("/app/enrol", (place) => enrol(place, { refreshMe }));
  route("/app/not-me", (place) => (place.query.has("token") ? notMe(place) : own(notMe)(place)));
  route("/app/account-return", (place) => accountReturn(place, { refreshMe }));
  route("/app/link-account", (place) => linkAccount(place, { refreshMe }));
  route("/app/me", own((place) => me(place, { onLanguage })));
  route("/app/me/mobile", own((place) => firstMobile(place, { refreshMe })));
  route("/app/me/security", own((place) => security(place, { refreshMe })));
  route("/app/points/pay", own(payAtShop, { worksOffline: true }));
  for (const [path, screen] of Object.entries(SCREENS)) route(path, own(screen));
  startRouter(frame.main, frame.shown);
  change({ config: await readConfig() });
  await show();
  keepInboxFresh();
  registerServiceWorker();
  if (state.me) mendDevice().catch(() => {});
}

async function readConfig() {
  try {
    return await call("GET", "/app/config.json", { quiet: true });
  } catch {
    return state.config;
  }
}

start();
