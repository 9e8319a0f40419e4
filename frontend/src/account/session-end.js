// When a session is over, and when it only cannot be renewed just now. Pure.

/** The session is over: the person has to sign in again. */
export class SessionEndedError extends Error {
  name = "SessionEndedError";
}

// What InitiateAuth answers when no later attempt can succeed with the same refresh token:
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html
const FINAL_CODES = new Set([
  "NotAuthorizedException",
  "UserNotFoundException",
  "PasswordResetRequiredException",
  "UserNotConfirmedException",
  "ResourceNotFoundException",
]);

/** Whether a failed renewal ends the session. Anything that Cognito did not say itself (a gateway's page, a lost line) passes. */
export function endsSession(error) {
  return FINAL_CODES.has(error?.code ?? error?.name);
}
