// The service worker: keeps the page's files (never an answer of the API), so that it opens in a tunnel too.
const CACHE = "driver-$version";
const FILES = $files;
const SHELL = "/driver";

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
    await Promise.all(names.filter((name) => name.startsWith("driver-") && name !== CACHE).map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && (address.pathname === SHELL || address.pathname.startsWith("/driver/"))) {
    event.respondWith(fetch(event.request).catch(() => caches.match(SHELL, { cacheName: CACHE })));
  } else if (address.pathname.startsWith("/driver/assets/")) {
    event.respondWith(caches.match(event.request, { cacheName: CACHE }).then((kept) => kept || fetch(event.request)));
  }
});
