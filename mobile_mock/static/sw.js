// The service worker: keeps the shell (never an answer of the API) so that the phone opens without a network,
// shows push messages, and tells the city which of them were opened or put away.
const CACHE = "phone-$version";
const FILES = $files;
const SHELL = "/app";

// How urgent messages are, on the city's scale: 0 a digest, 7 an alert that is only for information, 9 an emergency.
const DIGEST = 0;
const INFORMATION = 7;
const EMERGENCY = 9;

// What is kept on this device, by name: who it is, which messages it has shown, and what the city has not heard yet.
const DEVICE = "device";
const SHOWN = "shown";
const RECEIPTS = "receipts";
const MOST_RECEIPTS = 100;
const REMEMBERED_MS = 30 * 24 * 3600 * 1000;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll([SHELL, ...FILES]);
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith("phone-") && name !== CACHE).map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && (address.pathname === SHELL || address.pathname.startsWith("/app/"))) {
    event.respondWith(fetch(event.request).catch(() => caches.match(SHELL, { cacheName: CACHE })));
  } else if (address.pathname.startsWith("/app/assets/")) {
    event.respondWith(caches.match(event.request, { cacheName: CACHE }).then((kept) => kept || fetch(event.request)));
  }
});

// What a message is, how it is shown and where a tap leads.

self.addEventListener("push", (event) => {
  event.waitUntil(received(event.data));
});

async function received(data) {
  const message = read(data);
  const isAgain = message.id !== null && await wasShown(message.id);
  await self.registration.showNotification(message.title, shape(message, isAgain));
  await takeAway(message.withdrawn);
  if (message.id !== null && !isAgain) await note(message.id, "shown");
  // Whoever looks at the phone now sees it there at once.
  for (const client of await self.clients.matchAll({ type: "window" })) client.postMessage({ kind: "message", id: message.id });
}

/** Notices of messages that their senders have recalled since. To the city this is no dismissal: nobody has put them away. */
async function takeAway(ids) {
  for (const id of ids) for (const notice of await self.registration.getNotifications({ tag: id })) notice.close();
}

function read(data) {
  let words = {};
  try {
    words = data ? data.json() : {};
  } catch {
    words = { body: data.text() };
  }
  // Firebase wraps the words ("notification") and where a tap leads ("data"); a web push of ours carries them bare.
  const shown = words.notification || words;
  const more = words.data || words;
  return {
    id: more.id || more.message_id || null,
    title: shown.title || "我的高雄",
    body: shown.body || "",
    link: more.link || "/app/inbox",
    urgency: Number(more.urgency ?? 5),
    tag: more.tag || null,
    withdrawn: typeof more.withdrawn === "string" ? more.withdrawn.split(",") : more.withdrawn || [],
  };
}

/** The same message twice is one notice, and does not ring again, unless it is an emergency: that stays until somebody has seen it. */
function shape(message, isAgain) {
  const isEmergency = message.urgency >= EMERGENCY;
  const isSilent = message.urgency === DIGEST || message.urgency === INFORMATION || (isAgain && !isEmergency);
  const tag = message.tag || message.id || message.link;
  return {
    body: message.body,
    icon: FILES.find((file) => file.endsWith("/icon-192.png")),
    tag,
    // What takes the place of another notice (an alert and its update) sounds, too.
    renotify: !isSilent,
    data: { id: message.id, link: message.link },
    silent: isSilent,
    requireInteraction: isEmergency,
    ...(isEmergency && !isSilent ? { vibrate: [500, 150, 500, 150, 500] } : {}),
  };
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { id, link } = event.notification.data;
  event.waitUntil(Promise.all([open(link, id), id && note(id, "opened").then(send)]));
});

self.addEventListener("notificationclose", (event) => {
  const { id } = event.notification.data || {};
  if (id) event.waitUntil(note(id, "dismissed").then(send));
});

/** A link that leads elsewhere is opened from the message itself, where it stands in full. */
async function open(link, id) {
  const target = new URL(link, self.location.origin);
  const isOurs = target.origin === self.location.origin && (target.pathname === SHELL || target.pathname.startsWith("/app/"));
  const address = isOurs ? target.href : id ? "/app/inbox/" + encodeURIComponent(id) : SHELL;
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const phone = windows.find((client) => new URL(client.url).pathname.startsWith(SHELL));
  if (!phone) return self.clients.openWindow(address);
  await phone.focus().catch(() => {});
  return phone.navigate(address);
}

// Receipts: kept here until the city has them, signed with this device's key.

self.addEventListener("message", (event) => {
  const said = event.data || {};
  const work = { keep, forget, send, who }[said.kind];
  if (work) event.waitUntil(work(said).catch(() => null).then((answer) => event.ports[0]?.postMessage({ answer })));
});

self.addEventListener("sync", (event) => {
  if (event.tag === RECEIPTS) event.waitUntil(send());
});

/** The browser changed or dropped the subscription: subscribe again and say so, while its own person is signed in. */
self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(renewed(event).catch(() => {}));
});

async function renewed(event) {
  const device = await fromStore(DEVICE, (store) => store.get("own"));
  if (!device || (await (await fetch("/v1/me")).json()).id !== device.person) return;
  const options = event.oldSubscription?.options || { userVisibleOnly: true, applicationServerKey: await publicKey() };
  const subscription = event.newSubscription || await self.registration.pushManager.subscribe(options);
  const body = JSON.stringify({ kind: "webpush", address: JSON.stringify(subscription) });
  const answer = await fetch("/v1/devices", { method: "POST", body, headers: { "Content-Type": "application/json" } });
  if (!answer.ok) return;
  const registered = await answer.json();
  await keep({ device: registered.id, key: registered.receipt_key, person: device.person, endpoint: subscription.endpoint });
  if (registered.id !== device.id) await fetch("/v1/devices/" + device.id, { method: "DELETE" });
}

async function publicKey() {
  return bytes((await (await fetch("/v1/web-push-key")).json()).key);
}

/** The key goes in as one that can sign and can never be read again, not even by the page. */
async function keep({ device, key, person, endpoint }) {
  const secret = await crypto.subtle.importKey("raw", bytes(key), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  await fromStore(DEVICE, (store) => store.put({ id: device, person, endpoint, secret }, "own"), "readwrite");
}

async function who() {
  const device = await fromStore(DEVICE, (store) => store.get("own"));
  return device ? { id: device.id, person: device.person, endpoint: device.endpoint } : null;
}

async function forget() {
  for (const name of [DEVICE, RECEIPTS, SHOWN]) await fromStore(name, (store) => store.clear(), "readwrite");
}

async function wasShown(id) {
  return await fromStore(SHOWN, (store) => store.get(id)) !== undefined;
}

/** Keep a receipt until it is sent. That a message was shown is sent along with what is said next: of itself it can wait. */
async function note(id, kind) {
  if (kind === "shown") await fromStore(SHOWN, (store) => store.put(Date.now(), id), "readwrite");
  await fromStore(RECEIPTS, (store) => store.add({ message_id: id, kind, at: new Date().toISOString() }), "readwrite");
}

let sending = Promise.resolve();

/** Send what is kept, one batch after the other; what cannot be sent now waits for the next push, tap, network or visit. */
function send() {
  sending = sending.then(sendAll, sendAll);
  return sending;
}

async function sendAll() {
  const device = await fromStore(DEVICE, (store) => store.get("own"));
  if (!device) return;
  for (;;) {
    const numbers = await fromStore(RECEIPTS, (store) => store.getAllKeys(null, MOST_RECEIPTS));
    if (numbers.length === 0) break;
    const items = await fromStore(RECEIPTS, (store) => store.getAll(null, MOST_RECEIPTS));
    if (!await delivered(device, items.slice(0, numbers.length))) {
      await self.registration.sync?.register(RECEIPTS).catch(() => {});
      return;
    }
    await fromStore(RECEIPTS, (store) => store.delete(IDBKeyRange.bound(numbers[0], numbers[numbers.length - 1])), "readwrite");
  }
  await fromStore(SHOWN, (store) => forgetOld(store), "readwrite");
}

/** Whether the city has them, or will never take them. */
async function delivered(device, items) {
  const body = new TextEncoder().encode(JSON.stringify({ device_id: device.id, items }));
  const signature = text(await crypto.subtle.sign("HMAC", device.secret, body));
  const headers = { "Content-Type": "application/json", "X-Receipt-Signature": signature };
  try {
    const answer = await fetch("/v1/receipts", { method: "POST", body, headers, credentials: "omit" });
    return answer.ok || [400, 403, 413, 422].includes(answer.status);
  } catch {
    return false;
  }
}

function forgetOld(store) {
  const asked = store.openCursor();
  asked.onsuccess = () => {
    const cursor = asked.result;
    if (!cursor) return;
    if (cursor.value < Date.now() - REMEMBERED_MS) cursor.delete();
    cursor.continue();
  };
  return asked;
}

function fromStore(name, work, mode = "readonly") {
  return new Promise((resolve, refuse) => {
    const opening = indexedDB.open("phone", 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore(DEVICE);
      opening.result.createObjectStore(SHOWN);
      opening.result.createObjectStore(RECEIPTS, { autoIncrement: true });
    };
    opening.onerror = () => refuse(opening.error);
    opening.onsuccess = () => {
      const turn = opening.result.transaction(name, mode);
      const asked = work(turn.objectStore(name));
      turn.oncomplete = () => { opening.result.close(); resolve(asked.result); };
      turn.onabort = () => { opening.result.close(); refuse(turn.error); };
    };
  });
}

function bytes(base64url) {
  return Uint8Array.from(atob(base64url.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
}

function text(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$$/, "");
}
