// Which sentence of the catalog belongs to an error of Cognito's. Pure.
//
// Cognito says some different things by one code; then its own words decide. What it says is never shown itself.

/** By the error's code, then by words in its message; the first that fits. */
const RULES = [
  ["NotAuthorizedException", /session/i, "signInTookTooLong"],
  ["NotAuthorizedException", /attempts/i, "tooManyAttempts"],
  ["NotAuthorizedException", /disabled/i, "accountDisabled"],
  ["NotAuthorizedException", /sign ?up is not permitted/i, "signUpClosed"],
  ["NotAuthorizedException", /current status is confirmed/i, "alreadyConfirmed"],
  ["NotAuthorizedException", /refresh token|access token|has been revoked/i, "sessionEnded"],
  ["NotAuthorizedException", /temporary password has expired/i, "invitationExpired"],
  ["NotAuthorizedException", null, "wrongPassword"],
  ["UserNotFoundException", null, "wrongPassword"],
  ["UserNotConfirmedException", null, "notConfirmed"],
  ["UsernameExistsException", null, "accountExists"],
  ["AliasExistsException", null, "accountExists"],
  ["InvalidPasswordException", null, "weakPassword"],
  ["PasswordHistoryPolicyViolationException", null, "usedPassword"],
  ["PasswordResetRequiredException", null, "resetRequired"],
  ["InvalidParameterException", /password/i, "weakPassword"],
  ["InvalidParameterException", /already confirmed/i, "alreadyConfirmed"],
  ["InvalidParameterException", /no registered\/verified email/i, "notConfirmed"],
  ["InvalidParameterException", null, "invalidInput"],
  ["CodeMismatchException", null, "wrongCode"],
  ["EnableSoftwareTokenMFAException", null, "wrongCode"],
  ["ExpiredCodeException", /already been used/i, "usedCode"],
  ["ExpiredCodeException", null, "expiredCode"],
  ["CodeDeliveryFailureException", null, "mailFailed"],
  ["InvalidEmailRoleAccessPolicyException", null, "mailFailed"],
  ["InvalidSmsRoleAccessPolicyException", null, "mailFailed"],
  ["InvalidSmsRoleTrustRelationshipException", null, "mailFailed"],
  ["LimitExceededException", null, "tooManyAttempts"],
  ["TooManyRequestsException", null, "tooManyAttempts"],
  ["TooManyFailedAttemptsException", null, "tooManyAttempts"],
  ["InvalidUserPoolConfigurationException", null, "misconfigured"],
  ["OperationNotEnabledException", null, "misconfigured"],
  ["MFAMethodNotFoundException", null, "misconfigured"],
  ["SoftwareTokenMFANotFoundException", null, "misconfigured"],
  ["ResourceNotFoundException", null, "misconfigured"],
  ["UnsupportedChallenge", null, "misconfigured"],
  ["UnsupportedOperationException", null, "misconfigured"],
  ["UnsupportedTokenTypeException", null, "misconfigured"],
  ["UnauthorizedException", null, "sessionEnded"],
  ["ForbiddenException", null, "refused"],
  ["InvalidLambdaResponseException", null, "serverTrouble"],
  ["UnexpectedLambdaException", null, "serverTrouble"],
  ["UserLambdaValidationException", null, "refused"],
  ["ConcurrentModificationException", null, "serverTrouble"],
  ["InternalErrorException", null, "serverTrouble"],
  ["NetworkError", null, "noConnection"],
];

export const COGNITO_CODES = new Set(RULES.map(([code]) => code));

/** Key of the sentence for an error of `Cognito`'s. Unknown ones are trouble on the server's side. */
export function cognitoErrorKey(error) {
  const code = error?.code ?? error?.name;
  const rule = RULES.find(([named, words]) => named === code && (words === null || words.test(error.message ?? "")));
  return `error.account.${rule ? rule[2] : "serverTrouble"}`;
}
