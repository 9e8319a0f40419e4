"""Whose files a container writes: the owner of the checkout's, never root's.

Docker makes a missing bind-mounted folder as root, and only the machine at hand knows who its user is. So the
deployer starts as root with the few rights it takes to become somebody else, and does that first.
"""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

# Where the checkout is root's own: any id that is nobody's. The images' other users have it too.
UNPRIVILEGED_ID = 10001
UID_MAP = Path("/proc/self/uid_map")


def become_owner_of(checkout: Path, folders: Sequence[Path]) -> None:
    """Gives `folders` to the owner of `checkout` and goes on as that user; does nothing for who is not root."""
    if os.geteuid() != 0:
        return
    status = checkout.stat()
    uid, gid = status.st_uid, status.st_gid
    if uid == 0:
        if not _is_real_root():
            return
        uid = gid = UNPRIVILEGED_ID
    for folder in folders:
        # Desktop systems map ownership by themselves and refuse to have it changed.
        with contextlib.suppress(OSError):
            os.chown(folder, uid, gid)
    os.setgroups([gid])
    os.setgid(gid)
    os.setuid(uid)


def _is_real_root() -> bool:
    """Whether root in here is root of the machine; with rootless Docker it is the person who runs it."""
    try:
        inside, outside, _count = UID_MAP.read_text().split()[:3]
    except (OSError, ValueError):
        return True
    return inside == outside
