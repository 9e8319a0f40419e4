// One person's life with Amazon's own library, through the platform's /auth alone.
// Reads {endpoint, userPoolId, clientId, inboxUrl, email, password, newPassword} from standard input;
// prints one JSON object: each step's name and what came of it, an error as {error: its type, message}.
import { AuthenticationDetails, CognitoUser, CognitoUserPool } from 'amazon-cognito-identity-js';
import { TOTP } from 'otpauth';

const TOTP_STEP_MS = 30_000;
// What a call may take on a busy machine.
const MARGIN_MS = 10_000;
const THROTTLED = 429;
const PAUSE_MS = 500;

// API Gateway slows /auth down for everybody at once; a client tries again, as a page would.
const fetchOnce = globalThis.fetch;
globalThis.fetch = async (...request) => {
  for (;;) {
    const response = await fetchOnce(...request);
    if (response.status !== THROTTLED) return response;
    await pause(PAUSE_MS);
  }
};

const given = JSON.parse(await text(process.stdin));
const pool = new CognitoUserPool({
  UserPoolId: given.userPoolId,
  ClientId: given.clientId,
  endpoint: given.endpoint,
});
const steps = {};
const shownCodes = new Set();

await step('sign up', () => called((done) => pool.signUp(given.email, given.password, [], null, done))
  .then((result) => ({ confirmed: result.userConfirmed, sentTo: result.codeDeliveryDetails.Destination })));
await step('sign up again', () => called((done) => pool.signUp(given.email.toUpperCase(), given.password, [], null, done)));
await step('sign in unconfirmed', () => signIn(newUser(), given.password));
await step('confirm with a constant code', () => called((done) => newUser().confirmRegistration('123456', false, done)));
await step('send the code again', () => called((done) => newUser().resendConfirmationCode(done))
  .then((result) => result.CodeDeliveryDetails.DeliveryMedium));
await step('confirm', async () => {
  const code = await newestCode();
  return called((done) => newUser().confirmRegistration(code, false, done));
});
await step('sign in with a wrong password', () => signIn(newUser(), `${given.password}x`));

const user = newUser();
await step('sign in', () => signIn(user, given.password).then((asked) => asked.challenge));
let secret = '';
await step('associate', async () => {
  secret = await new Promise((associateSecretCode, onFailure) => {
    user.associateSoftwareToken({ associateSecretCode, onFailure });
  });
  return secret.length;
});
await step('enrol with a wrong code', () => verify('000000'));
await step('enrol', async () => described(await verify(await freshCode())));

const again = newUser();
await step('sign in enrolled', () => signIn(again, given.password).then((asked) => asked.challenge));
await step('answer with a wrong code', () => answer(again, wrongCode()));
await step('answer', async () => described(await answer(again, await freshCode())));
await step('restored session', async () => {
  const restored = pool.getCurrentUser();
  const session = await called((done) => restored.getSession(done));
  return session.isValid();
});
await step('refresh', async () => {
  const before = again.getSignInUserSession();
  const session = await called((done) => again.refreshSession(before.getRefreshToken(), done));
  return session.isValid() && session.getIdToken().getJwtToken() !== before.getIdToken().getJwtToken();
});
await step('user data', async () => {
  const data = await called((done) => again.getUserData(done, { bypassCache: true }));
  return { factors: data.UserMFASettingList, preferred: data.PreferredMfaSetting };
});
await step('switch the second factor off', () => called((done) => again.setUserMfaPreference(
  null, { PreferredMfa: false, Enabled: false }, done,
)));
await step('change the password with a wrong one', () => called((done) => again.changePassword(
  `${given.password}x`, given.newPassword, done,
)));
await step('change the password', () => called((done) => again.changePassword(
  given.password, given.newPassword, done,
)));
await step('sign in with the old password', () => signIn(newUser(), given.password));

await step('forgot the password', () => new Promise((resolve, onFailure) => {
  newUser().forgotPassword({
    onSuccess: resolve,
    onFailure,
    inputVerificationCode: (data) => resolve(data.CodeDeliveryDetails.DeliveryMedium),
  });
}));
await step('reset with a constant code', () => reset('654321', given.password));
await step('reset', async () => reset(await newestCode(), given.password));

const third = newUser();
await step('sign in after the reset', () => signIn(third, given.password).then((asked) => asked.challenge));
await step('answer after the reset', async () => described(await answer(third, await freshCode())));
const refreshToken = third.getSignInUserSession().getRefreshToken();
await step('sign out everywhere', () => new Promise((onSuccess, onFailure) => {
  third.globalSignOut({ onSuccess, onFailure });
}));
await step('refresh after signing out', () => called((done) => newUser().refreshSession(refreshToken, done)));

console.log(JSON.stringify(steps));

function newUser() {
  return new CognitoUser({ Username: given.email, Pool: pool });
}

/** Resolves with {challenge} when Cognito asks for more, with {session} when it does not. */
function signIn(cognitoUser, password) {
  return new Promise((resolve, onFailure) => {
    const details = new AuthenticationDetails({ Username: given.email, Password: password });
    cognitoUser.authenticateUser(details, {
      onSuccess: (session) => resolve({ session, challenge: 'none' }),
      onFailure,
      mfaSetup: (name) => resolve({ challenge: name }),
      totpRequired: (name) => resolve({ challenge: name }),
      mfaRequired: (name) => resolve({ challenge: name }),
      newPasswordRequired: () => resolve({ challenge: 'NEW_PASSWORD_REQUIRED' }),
    });
  });
}

function verify(code) {
  return new Promise((onSuccess, onFailure) => {
    user.verifySoftwareToken(code, 'authenticator', { onSuccess, onFailure });
  });
}

function answer(cognitoUser, code) {
  return new Promise((onSuccess, onFailure) => {
    cognitoUser.sendMFACode(code, { onSuccess, onFailure }, 'SOFTWARE_TOKEN_MFA');
  });
}

function reset(code, password) {
  return new Promise((onSuccess, onFailure) => {
    newUser().confirmPassword(code, password, { onSuccess, onFailure });
  });
}

/** What the tokens say, without the tokens. */
function described(session) {
  const { email, aud, token_use: use } = session.getIdToken().payload;
  return { email, aud, use, valid: session.isValid() };
}

/** A code of this step or of one beside it, which Cognito takes too, and never the same twice. */
async function freshCode() {
  if ([0, 1].every((offset) => shownCodes.has(codeAt(offset)))) {
    // Only the code of the step before is left, and that may be over before it arrives.
    const left = TOTP_STEP_MS - (Date.now() % TOTP_STEP_MS);
    if (left < MARGIN_MS) await pause(left);
  }
  const fresh = [0, 1, -1].map((offset) => codeAt(offset)).find((code) => !shownCodes.has(code));
  shownCodes.add(fresh);
  return fresh;
}

function wrongCode() {
  const near = new Set([-3, -2, -1, 0, 1, 2, 3].map((offset) => codeAt(offset)));
  return ['000000', '111111', '222222', '333333', '444444', '555555', '666666', '777777'].find((code) => !near.has(code));
}

function codeAt(offset) {
  return new TOTP({ secret }).generate({ timestamp: Date.now() + offset * TOTP_STEP_MS });
}

async function newestCode() {
  const { messages } = await (await fetch(given.inboxUrl)).json();
  const own = Object.values(messages).flat().filter((message) => message.To.includes(given.email));
  return own.sort((one, other) => one.Timestamp - other.Timestamp).at(-1).BodyText.match(/\d{6}/)[0];
}

function pause(milliseconds) {
  return new Promise((resume) => { setTimeout(resume, milliseconds); });
}

function called(start) {
  return new Promise((resolve, reject) => {
    start((error, result) => (error ? reject(error) : resolve(result)));
  });
}

async function step(name, run) {
  try {
    steps[name] = (await run()) ?? 'done';
  } catch (error) {
    steps[name] = { error: error.code ?? error.name, message: error.message };
  }
  return steps[name];
}

async function text(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
