"""An emulated AWS account, a site to deploy and somebody who watches."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bootstrap.account import Account
from bootstrap.changes import Change
from bootstrap.cloud import Order, Stage, Teller, deploy_stage
from bootstrap.stack import Audience, ResourceEvent

BUILD = Path(__file__).resolve().parents[3] / "build"


@dataclass
class Watcher:
    """Approves of everything unless told otherwise, and remembers what it was shown."""

    approves: bool = True
    changes: list[Change] = field(default_factory=list)
    events: list[ResourceEvent] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def teller(self) -> Teller:
        return Teller(Audience(self._approve, self.events.append), lambda _message: None, self.warnings.append)

    def _approve(self, changes: Sequence[Change]) -> bool:
        self.changes = list(changes)
        return self.approves


@dataclass(frozen=True)
class Emulated:
    """The account and the file that makes its resources fail."""

    account: Account
    faults: Path
    site: Path

    def stage(self, name: str) -> Stage:
        return Stage.of(self.account, name, pace="steady")

    def order(self, stage: str, **chosen: str) -> Order:
        return Order(stage, self.site, BUILD, chosen)

    def deploy(self, name: str, watcher: Watcher | None = None, **chosen: str) -> dict[str, str]:
        return deploy_stage(self.stage(name), self.order(name, **chosen), (watcher or Watcher()).teller)

    @contextmanager
    def failing(self, faults: Mapping[str, str]) -> Iterator[None]:
        """Resources of the given types cannot be made or changed, for the given reasons."""
        self.faults.write_text(json.dumps(faults))
        try:
            yield
        finally:
            self.faults.unlink()
