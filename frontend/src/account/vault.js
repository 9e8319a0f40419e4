// Where a refresh token waits between two loads of the page: encrypted, in two halves that are of no use alone.
//
// The AES key is made not extractable and kept in IndexedDB; the ciphertext is in sessionStorage (gone with the tab) or,
// when the person asked to stay signed in, in localStorage. So no storage, backup or log ever holds the token itself.
import { createStore, del, get, set } from "idb-keyval";

const ALGORITHM = "AES-GCM";
// NIST SP 800-38D section 8.2: 96 bits.
const NONCE_BYTES = 12;
const KEY = "refresh-token-key";
const ITEM = "sstech-video.session";

export class Vault {
  #context;
  #store;

  /** `context` is bound to the ciphertext: what another pool or client stored does not decrypt here. */
  constructor(context) {
    this.#context = new TextEncoder().encode(context);
  }

  /** Keeps `secret` (a JSON value), over the browser's end if `lasting`. A browser without storage keeps nothing. */
  async keep(secret, { lasting }) {
    try {
      const key = await this.#key();
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const plain = new TextEncoder().encode(JSON.stringify(secret));
      const sealed = await crypto.subtle.encrypt(this.#algorithm(nonce), key, plain);
      this.#clearItems();
      const item = { nonce: toBase64(nonce), sealed: toBase64(new Uint8Array(sealed)) };
      (lasting ? localStorage : sessionStorage).setItem(ITEM, JSON.stringify(item));
    } catch {
      // Private windows: the session ends with the page.
    }
  }

  /** What was kept, or null. */
  async open() {
    try {
      const item = JSON.parse(sessionStorage.getItem(ITEM) ?? localStorage.getItem(ITEM));
      const key = item && (await get(KEY, this.#keys()));
      if (!key) return null;
      const plain = await crypto.subtle.decrypt(this.#algorithm(fromBase64(item.nonce)), key, fromBase64(item.sealed));
      return JSON.parse(new TextDecoder().decode(plain));
    } catch {
      return null;
    }
  }

  /** Forgets ciphertext and key. */
  async clear() {
    this.#clearItems();
    try {
      await del(KEY, this.#keys());
    } catch {
      // Nothing was kept.
    }
  }

  async #key() {
    const known = await get(KEY, this.#keys());
    if (known) return known;
    const made = await crypto.subtle.generateKey({ name: ALGORITHM, length: 256 }, false, ["encrypt", "decrypt"]);
    await set(KEY, made, this.#keys());
    return made;
  }

  #keys() {
    this.#store ??= createStore("sstech-video-vault", "keys");
    return this.#store;
  }

  #algorithm(nonce) {
    return { name: ALGORITHM, iv: nonce, additionalData: this.#context };
  }

  #clearItems() {
    try {
      sessionStorage.removeItem(ITEM);
      localStorage.removeItem(ITEM);
    } catch {
      // As above.
    }
  }
}

const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes));
const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
