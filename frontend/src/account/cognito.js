// Sign-in with Amazon Cognito: promises in place of amazon-cognito-identity-js's callbacks.
//
// The password never leaves the page: the library proves it by SRP. Its storage is an object of ours in memory, so it
// writes no token anywhere.
import {
  AuthenticationDetails,
  CognitoRefreshToken,
  CognitoUser,
  CognitoUserPool,
} from "amazon-cognito-identity-js";

const ENDPOINT = "/api/auth";
const TOTP = "SOFTWARE_TOKEN_MFA";
const AUTHENTICATOR_NAME = "SStech Video";

/** Storage in the shape the library wants, gone with the page. */
function memoryStorage() {
  const values = new Map();
  return {
    getItem: (key) => values.get(key),
    setItem: (key, value) => values.set(key, value),
    removeItem: (key) => values.delete(key),
    clear: () => values.clear(),
  };
}

/**
 * One user pool, seen through one app client.
 *
 * Every method rejects with Cognito's error: `code` is its name (`NotAuthorizedException`, …; `NetworkError` when
 * nothing answered), `message` Cognito's own words, which `cognito-errors.js` turns into ours.
 */
export class Cognito {
  #pool;
  #storage = memoryStorage();

  constructor({ userPoolId, clientId }) {
    this.#pool = new CognitoUserPool({
      UserPoolId: userPoolId,
      ClientId: clientId,
      endpoint: ENDPOINT,
      Storage: this.#storage,
      AdvancedSecurityDataCollectionFlag: false,
    });
  }

  signUp(email, password) {
    return promise((done) => this.#pool.signUp(email, password, [], [], done));
  }

  confirmSignUp(email, code) {
    return promise((done) => this.#user(email).confirmRegistration(code, false, done));
  }

  resendCode(email) {
    return promise((done) => this.#user(email).resendConfirmationCode(done));
  }

  /** Begins a sign-in; answers its next step (see `Attempt`). */
  signIn(email, password) {
    const user = this.#user(email);
    const details = new AuthenticationDetails({ Username: email, Password: password });
    return new Attempt(user, email).next((callbacks) => user.authenticateUser(details, callbacks));
  }

  forgotPassword(email) {
    return new Promise((resolve, reject) => {
      this.#user(email).forgotPassword({ onSuccess: resolve, inputVerificationCode: resolve, onFailure: reject });
    });
  }

  resetPassword(email, code, password) {
    return new Promise((resolve, reject) => {
      this.#user(email).confirmPassword(code, password, { onSuccess: resolve, onFailure: reject });
    });
  }

  /** A signed-in user again from a refresh token. */
  async restore({ username, email, refreshToken }) {
    const signedIn = new SignedIn(this.#user(username), email);
    await signedIn.renew(refreshToken);
    return signedIn;
  }

  #user(username) {
    return new CognitoUser({ Username: username, Pool: this.#pool, Storage: this.#storage });
  }
}

/**
 * A sign-in under way. Each step is `{ name, attempt }`, with `name` one of
 * "code" (ask for the authenticator's code), "enrol" (set an authenticator up first), "newPassword" (an invited
 * person chooses one) or "done", which carries `signedIn`.
 */
class Attempt {
  constructor(user, email) {
    this.user = user;
    this.email = email;
  }

  next(act) {
    return new Promise((resolve, reject) => {
      const step = (name) => () => resolve({ name, attempt: this });
      act({
        onSuccess: () => resolve({ name: "done", signedIn: new SignedIn(this.user, this.email) }),
        onFailure: reject,
        totpRequired: step("code"),
        mfaSetup: step("enrol"),
        newPasswordRequired: step("newPassword"),
        // Ways of our pool's future, not of today's.
        mfaRequired: () => reject(unsupported()),
        selectMFAType: () => reject(unsupported()),
        customChallenge: () => reject(unsupported()),
      });
    });
  }

  sendCode(code) {
    return this.next((callbacks) => this.user.sendMFACode(code, callbacks, TOTP));
  }

  chooseFirstPassword(password) {
    return this.next((callbacks) => this.user.completeNewPasswordChallenge(password, {}, callbacks));
  }

  /** The new authenticator's secret, in base 32. */
  newSecret() {
    return new Promise((resolve, reject) => {
      this.user.associateSoftwareToken({ associateSecretCode: resolve, onFailure: reject });
    });
  }

  /** Finishes the enrolment with the authenticator's first code, which signs in too. */
  enrol(code) {
    return this.next((callbacks) => this.user.verifySoftwareToken(code, AUTHENTICATOR_NAME, callbacks));
  }
}

function unsupported() {
  return Object.assign(new Error("a challenge that this page does not know"), { code: "UnsupportedChallenge" });
}

/** Somebody's tokens, in memory only. */
class SignedIn {
  constructor(user, email) {
    this.user = user;
    this.email = email;
  }

  get idToken() {
    return this.#session.getIdToken().getJwtToken();
  }

  get owner() {
    return this.#session.getIdToken().decodePayload().sub;
  }

  get username() {
    return this.user.getUsername();
  }

  get refreshToken() {
    return this.#session.getRefreshToken().getToken();
  }

  /** Seconds until the tokens end, by Cognito's clock; negative afterwards. */
  get secondsLeft() {
    const now = Math.floor(Date.now() / 1000) - this.#session.getClockDrift();
    return this.#session.getIdToken().getExpiration() - now;
  }

  renew(refreshToken = this.refreshToken) {
    const token = new CognitoRefreshToken({ RefreshToken: refreshToken });
    return promise((done) => this.user.refreshSession(token, done));
  }

  changePassword(current, wanted) {
    return promise((done) => this.user.changePassword(current, wanted, done));
  }

  /** Revokes this session's refresh token, and with it its access tokens. */
  revoke() {
    return promise((done) => this.user.revokeTokens(done));
  }

  /** Ends every session of this person, on all devices. */
  signOutEverywhere() {
    return new Promise((resolve, reject) => {
      this.user.globalSignOut({ onSuccess: resolve, onFailure: reject });
    });
  }

  get #session() {
    return this.user.getSignInUserSession();
  }
}

function promise(act) {
  return new Promise((resolve, reject) => {
    act((error, answer) => (error ? reject(error) : resolve(answer)));
  });
}
