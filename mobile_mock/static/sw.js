// The service worker: keeps the shell (never an answer of the API) so that the phone opens without a network,
// and shows push messages.
const CACHE = "phone-$version";
const FILES = $files;
const SHELL = "/app";

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

self.addEventListener("push", (event) => {
  let message = {};
  try {
    message = event.data ? event.data.json() : {};
  } catch {
    message = { body: event.data.text() };
  }
  // Firebase wraps the words ("notification") and where a tap leads ("data"); a plain web push carries them bare.
  const { title, body } = message.notification || message;
  const link = message.data?.link || message.link || "/app/inbox";
  event.waitUntil(self.registration.showNotification(title || "我的高雄", {
    body: body || "",
    icon: FILES.find((file) => file.endsWith("/icon-192.png")),
    tag: link,
    data: { link },
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const target = new URL(event.notification.data.link, self.location.origin);
  const address = target.origin === self.location.origin && target.pathname.startsWith("/app") ? target.href : SHELL;
  event.waitUntil((async () => {
    const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const phone = open.find((client) => new URL(client.url).pathname.startsWith(SHELL));
    if (!phone) return self.clients.openWindow(address);
    await phone.focus();
    return phone.navigate(address);
  })());
});
