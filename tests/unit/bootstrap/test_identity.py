"""The deployer's files are the checkout's owner's."""

import os
from pathlib import Path

import pytest

from bootstrap import identity
from bootstrap.identity import UNPRIVILEGED_ID, become_owner_of


class Machine:
    """What the process would have done to itself and to the folders."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.did: list[tuple[object, ...]] = []
        self.checkout = tmp_path / "checkout"
        self.state = tmp_path / "state"
        self.checkout.mkdir()
        self._patch = monkeypatch
        self._uid_map = tmp_path / "uid_map"
        self.user(0)
        self.root_is("0")
        monkeypatch.setattr(identity, "UID_MAP", self._uid_map)
        for name in ("setuid", "setgid", "setgroups", "chown"):
            monkeypatch.setattr(os, name, self._record(name))

    def user(self, uid: int) -> None:
        self._patch.setattr(os, "geteuid", lambda: uid)

    def owner(self, uid: int, gid: int) -> None:
        real = self.checkout.stat()
        owned = os.stat_result((*real[:4], uid, gid, *real[6:10]))
        self._patch.setattr(Path, "stat", lambda _path: owned)

    def root_is(self, outside: str) -> None:
        self._uid_map.write_text(f"         0 {outside:>10} 4294967295\n")

    def _record(self, name: str) -> object:
        return lambda *arguments: self.did.append((name, *arguments))


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    return Machine(monkeypatch, tmp_path)


def test_root_becomes_the_checkouts_owner_who_gets_the_folders(machine: Machine) -> None:
    machine.owner(1000, 1001)
    become_owner_of(machine.checkout, [machine.state])
    # The user goes last: whoever is not root can change nothing of the rest.
    assert machine.did == [
        ("chown", machine.state, 1000, 1001),
        ("setgroups", [1001]),
        ("setgid", 1001),
        ("setuid", 1000),
    ]


def test_where_the_checkout_is_roots_it_becomes_nobody(machine: Machine) -> None:
    machine.owner(0, 0)
    become_owner_of(machine.checkout, [])
    assert machine.did[-1] == ("setuid", UNPRIVILEGED_ID)


def test_with_rootless_docker_root_is_the_person_already(machine: Machine) -> None:
    machine.owner(0, 0)
    machine.root_is("1000")
    become_owner_of(machine.checkout, [machine.state])
    assert machine.did == []


def test_who_is_not_root_changes_nothing(machine: Machine) -> None:
    machine.user(1000)
    machine.owner(1000, 1000)
    become_owner_of(machine.checkout, [machine.state])
    assert machine.did == []
