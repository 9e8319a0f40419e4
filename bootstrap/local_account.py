"""The account that every local engine has."""

STAGE = "local"
REGION = "us-east-1"
ACCOUNT = "000000000000"
# Local engines accept any secret for their root key: these are not a boundary, everything binds to loopback.
ACCESS_KEY_ID = "test"
SECRET_ACCESS_KEY = "test"  # noqa: S105  # see above
