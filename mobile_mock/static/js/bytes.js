// Bytes as WebAuthn and the API write them.

export function fromBase64url(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

export function toBase64url(buffer) {
  const bytes = new Uint8Array(buffer);
  let plain = "";
  for (const byte of bytes) plain += String.fromCharCode(byte);
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** SHA-256 of the UTF-8 bytes of `text`. */
export async function sha256(text) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

/** 128 random bits, as text. */
export function randomText() {
  return toBase64url(crypto.getRandomValues(new Uint8Array(16)));
}
