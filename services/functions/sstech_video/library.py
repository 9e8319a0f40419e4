"""An owner's videos: reading them, naming them, playing them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sstech_video import transitions
from sstech_video.bodies import PageRequest, cursor_after
from sstech_video.catalog import Catalog
from sstech_video.entries import Entry, Status, video_json
from sstech_video.errors import WrongStateError, no_such_video
from sstech_video.playback import Delivery, Playback
from sstech_video.video_ids import is_video_id


@dataclass(frozen=True)
class Library:
    catalog: Catalog
    delivery: Delivery

    def entry(self, owner: str, video_id: str) -> Entry:
        """Raises `NotFoundError` for absent, foreign and malformed ids alike."""
        entry = self.catalog.read(owner, video_id) if is_video_id(video_id) else None
        if entry is None:
            raise no_such_video()
        return entry

    def show(self, entry: Entry, now: datetime) -> dict[str, Any]:
        """`video` of the API."""
        return video_json(entry, self.delivery.poster_url(entry, now))

    def page(self, owner: str, request: PageRequest, now: datetime) -> dict[str, Any]:
        page = self.catalog.page(owner, request.limit, request.after)
        videos = [self.show(entry, now) for entry in page.entries]
        return {"videos": videos, "nextCursor": cursor_after(page.last) if page.last else None}

    def rename(self, owner: str, video_id: str, title: str, now: datetime) -> Entry:
        self.entry(owner, video_id)
        entry = self.catalog.update(owner, video_id, lambda entry: transitions.renamed(entry, title, now))
        if entry is None:
            raise no_such_video()
        return entry

    def playback(self, owner: str, video_id: str, now: datetime) -> Playback:
        entry = self.entry(owner, video_id)
        if entry.status is not Status.READY:
            raise WrongStateError(f"This video is {entry.status.value}: it can be played when it is ready.")
        return self.delivery.playback(entry, now)
