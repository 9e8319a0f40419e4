import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { COGNITO_CODES, cognitoErrorKey } from "../src/account/cognito-errors.js";
import { KNOWN_API_CODES, KNOWN_FAILURE_CODES, apiErrorKey, failureKey } from "../src/api-errors.js";
import { otpauthUri } from "../src/account/otpauth.js";

const catalog = JSON.parse(readFileSync(join(import.meta.dirname, "../texts/en.json"), "utf8"));
const functions = join(import.meta.dirname, "../../services/functions/sstech_video");
const codesOf = (file, type) => {
  const body = readFileSync(join(functions, file), "utf8").split(`class ${type}(StrEnum):`)[1].split("\nclass ")[0];
  return [...body.matchAll(/^ {4}[A-Z_]+ = "(\w+)"/gm)].map((found) => found[1]);
};

test("each of Cognito's errors has a sentence", () => {
  for (const code of COGNITO_CODES) assert.ok(cognitoErrorKey({ code, message: "" }) in catalog, code);
  assert.ok(cognitoErrorKey({ code: "SomethingNewException" }) in catalog);
  assert.ok(cognitoErrorKey(new TypeError("x")) in catalog);
});

test("one code of Cognito's is told apart by its words", () => {
  const key = (code, message) => cognitoErrorKey({ code, message }).replace("error.account.", "");
  assert.equal(key("NotAuthorizedException", "Incorrect username or password."), "wrongPassword");
  assert.equal(key("NotAuthorizedException", "Invalid session for the user, session is expired."), "signInTookTooLong");
  assert.equal(key("NotAuthorizedException", "Password attempts exceeded"), "tooManyAttempts");
  assert.equal(key("NotAuthorizedException", "Refresh Token has been revoked"), "sessionEnded");
  assert.equal(key("NotAuthorizedException", "SignUp is not permitted for this user pool"), "signUpClosed");
  assert.equal(key("ExpiredCodeException", "Your software token has already been used once."), "usedCode");
  assert.equal(key("ExpiredCodeException", "Invalid code provided, please request a code again."), "expiredCode");
});

test("an account that does not exist reads like a wrong password", () => {
  const unknown = cognitoErrorKey({ code: "UserNotFoundException", message: "User does not exist." });
  assert.equal(unknown, cognitoErrorKey({ code: "NotAuthorizedException", message: "Incorrect username or password." }));
});

test("the API's closed list of codes is known, each with a sentence", () => {
  for (const code of codesOf("errors.py", "ErrorCode")) {
    assert.ok(KNOWN_API_CODES.includes(code), code);
    assert.ok(apiErrorKey({ code }) in catalog, code);
  }
  assert.ok(apiErrorKey({ name: "SessionEndedError" }) in catalog);
});

test("every reason for which a video fails is known, each with a sentence", () => {
  const codes = codesOf("entries.py", "FailureCode");
  assert.ok(codes.length > 5);
  for (const code of codes) {
    assert.ok(KNOWN_FAILURE_CODES.includes(code), code);
    assert.ok(failureKey({ code }) in catalog, code);
  }
  assert.equal(failureKey(null), "failure.conversion_failed");
});

test("an authenticator's address names the account and cannot be broken out of", () => {
  const uri = new URL(otpauthUri("ABC234", "a+b&secret=X@example.com"));
  assert.equal(uri.searchParams.get("secret"), "ABC234");
  assert.equal(uri.searchParams.get("issuer"), "SStech Video");
});
