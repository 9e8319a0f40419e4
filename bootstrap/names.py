"""Names of a stage's resources.

`prod` and `local` use the owner's names bare; any other stage appends its own. Bucket names are global on AWS,
so account and region are added there.
"""

import re
from dataclasses import dataclass

from bootstrap.errors import BootstrapError

# Longest function name is `video-streaming-library`; ten characters keep every name under Lambda's 64.
STAGE_PATTERN = re.compile(r"[a-z][a-z0-9-]{0,9}")
STAGES_WITH_BARE_NAMES = frozenset({"prod", "local"})


@dataclass(frozen=True, slots=True)
class StageNames:
    """The stack's name and the two suffixes that the template appends."""

    stack: str
    name_suffix: str
    bucket_suffix: str
    signing_key_parameter: str


def stage_names(stage: str, *, account: str | None = None, region: str | None = None) -> StageNames:
    """Names for `stage`; with `account` and `region` the bucket names become globally unique.

    Raises:
        BootstrapError: the stage's name cannot be part of a resource name.
    """
    if not STAGE_PATTERN.fullmatch(stage):
        raise BootstrapError(
            f"'{stage}' cannot be a stage: use one to ten lower-case letters, digits and hyphens, "
            "starting with a letter."
        )
    suffix = "" if stage in STAGES_WITH_BARE_NAMES else f"-{stage}"
    unique = f"-{account}-{region}" if account and region else ""
    return StageNames(
        stack=f"sstech-video-{stage}",
        name_suffix=suffix,
        bucket_suffix=f"{unique}{suffix}",
        signing_key_parameter=f"sstech-video/{stage}/signing-key",
    )
