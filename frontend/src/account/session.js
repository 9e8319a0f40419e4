// Who is signed in. Tokens live in this object only; the rest of the page asks it for an ID token when it needs one.
import { Cognito } from "./cognito.js";
import { SessionEndedError, endsSession } from "./session-end.js";
import { Vault } from "./vault.js";

// Renewed a little early: the request that carries the token takes its time.
const RENEW_SECONDS_BEFORE_END = 60;
const CHANNEL = "sstech-video-session";

/** Dispatches "signed-in" and "signed-out" (`detail.expired`: it was not the person who ended it). */
export class Session extends EventTarget {
  #vault;
  #signedIn = null;
  #renewal = null;
  #trouble = null;
  #channel = "BroadcastChannel" in window ? new BroadcastChannel(CHANNEL) : null;

  constructor({ UserPoolId, UserPoolClientId }) {
    super();
    this.cognito = new Cognito({ userPoolId: UserPoolId, clientId: UserPoolClientId });
    this.#vault = new Vault(`${UserPoolId}/${UserPoolClientId}`);
    this.#channel?.addEventListener("message", ({ data }) => {
      if (this.#signedIn && data === this.owner) this.#end({ expired: false });
    });
  }

  get isSignedIn() {
    return this.#signedIn !== null;
  }

  get email() {
    return this.#signedIn?.email ?? "";
  }

  /** The person's id (`sub`). */
  get owner() {
    return this.#signedIn?.owner ?? "";
  }

  /** Cognito's error when a session is kept that could not be continued just now; else null. */
  get trouble() {
    return this.#signedIn ? null : this.#trouble;
  }

  /** Continues the session of an earlier load; without one, or without an answer, nobody is signed in. */
  async restore() {
    const kept = await this.#vault.open();
    if (!kept) return;
    try {
      this.#signedIn = await this.cognito.restore(kept);
    } catch (error) {
      // No answer now does not mean no session later: the next load tries again.
      if (endsSession(error)) await this.#vault.clear();
      else this.#trouble = error;
    }
  }

  /** A finished sign-in becomes the page's session. */
  async adopt(signedIn, { lasting }) {
    this.#signedIn = signedIn;
    const { username, email, refreshToken } = signedIn;
    await this.#vault.keep({ username, email, refreshToken }, { lasting });
    this.dispatchEvent(new CustomEvent("signed-in"));
  }

  /** A valid ID token, renewed when needed. Throws SessionEndedError, or Cognito's error when nothing answers. */
  async idToken({ renewed = false } = {}) {
    if (!this.#signedIn) throw new SessionEndedError("nobody is signed in");
    if (renewed || this.#signedIn.secondsLeft < RENEW_SECONDS_BEFORE_END) await this.#renew();
    return this.#signedIn.idToken;
  }

  async changePassword(current, wanted) {
    await this.idToken();
    await this.#signedIn.changePassword(current, wanted);
  }

  async signOut() {
    const signedIn = this.#signedIn;
    this.#channel?.postMessage(this.owner);
    await this.#end({ expired: false });
    try {
      await signedIn?.revoke();
    } catch {
      // The token is forgotten here in any case and ends by itself.
    }
  }

  /** Signs out on every device. Rejects, still signed in, when Cognito could not be told. */
  async signOutEverywhere() {
    await this.idToken();
    await this.#signedIn.signOutEverywhere();
    this.#channel?.postMessage(this.owner);
    await this.#end({ expired: false });
  }

  #renew() {
    // One renewal at a time, however many requests wait for it.
    this.#renewal ??= this.#renewNow().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #renewNow() {
    const signedIn = this.#signedIn;
    try {
      await signedIn.renew();
    } catch (error) {
      if (!endsSession(error)) throw error;
      if (signedIn === this.#signedIn) await this.#end({ expired: true });
      throw new SessionEndedError("the refresh token is no longer good");
    }
    if (signedIn !== this.#signedIn) throw new SessionEndedError("signed out meanwhile");
  }

  async #end(detail) {
    if (!this.#signedIn) return;
    this.#signedIn = null;
    this.#trouble = null;
    await this.#vault.clear();
    this.dispatchEvent(new CustomEvent("signed-out", { detail }));
  }
}
