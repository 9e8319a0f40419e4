"""What can go wrong while deploying, each with a message that says what to do next."""


class BootstrapError(Exception):
    """Deployment cannot go on; the message is one readable paragraph for the person at the terminal."""


class PackagingError(BootstrapError):
    """The functions' zip could not be built."""


class DeploymentError(BootstrapError):
    """CloudFormation refused or rolled back; the message carries the first real cause."""


class DeclinedError(BootstrapError):
    """The person looked at the changes and said no; nothing was changed."""


class AccountError(BootstrapError):
    """The AWS account cannot be used: credentials, region or quotas."""


class SiteBuildError(BootstrapError):
    """The site could not be built."""
