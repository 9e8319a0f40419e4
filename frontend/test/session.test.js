import assert from "node:assert/strict";
import { test } from "node:test";
import { endsSession } from "../src/account/session-end.js";

const named = (code) => Object.assign(new Error(code), { code, name: code });

test("a session ends when Cognito says that its refresh token is no longer good", () => {
  for (const code of ["NotAuthorizedException", "UserNotFoundException", "PasswordResetRequiredException", "UserNotConfirmedException", "ResourceNotFoundException"]) {
    assert.equal(endsSession(named(code)), true, code);
  }
});

test("a session outlives whatever else a renewal may meet", () => {
  // What the library makes of a gateway's page or JSON: it looks for a name of Cognito's that is not there.
  const notCognitos = new TypeError("Cannot read properties of undefined (reading 'split')");
  for (const error of [notCognitos, undefined]) assert.equal(endsSession(error), false);
  for (const code of ["NetworkError", "TooManyRequestsException", "InternalErrorException", "ServiceUnavailable", "ForbiddenException", "LimitExceededException", "UnknownError"]) {
    assert.equal(endsSession(named(code)), false, code);
  }
});
