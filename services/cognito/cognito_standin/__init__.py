"""Sign-in with a mandatory second factor, as Amazon Cognito does it, in front of a laxer engine."""
