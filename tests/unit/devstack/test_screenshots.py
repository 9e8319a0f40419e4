"""The screenshots show what they promise, before a browser is started."""

from __future__ import annotations

import json
import re
from pathlib import Path

from devstack.site import gallery, staging
from devstack.site.scenes import FILMS, PAINTER
from devstack.site.screenshots import LOOKS
from devstack.site.visitor import TEXTS

LANGUAGES = {path.stem for path in TEXTS.glob("*.json")}


def test_every_film_has_a_scene_and_a_title_in_every_language() -> None:
    painted = set(re.findall(r"^  (\w+)\(view\) \{$", PAINTER.read_text(encoding="utf-8"), re.MULTILINE))
    for film in FILMS:
        assert film.scene in painted
        assert set(film.titles) == LANGUAGES


def test_the_looks_are_all_kinds_of_screen() -> None:
    assert {look.language for look in LOOKS} == LANGUAGES
    assert {look.scheme for look in LOOKS} == {"light", "dark"}
    assert min(look.width for look in LOOKS) == 320
    assert any(look.more.get("forced_colors") == "active" for look in LOOKS)


def test_the_staged_failures_are_ones_that_the_site_knows() -> None:
    sentences = json.loads((TEXTS / "en.json").read_text(encoding="utf-8"))
    assert f"failure.{staging.FAILED['error']['code']}" in sentences
    assert len(staging.LONG["title"]) == staging.LONGEST_TITLE


def test_the_index_shows_each_picture_once_beside_its_like(tmp_path: Path) -> None:
    names = ["library-desktop.png", "library-phone-dark.png", "library-odd-desktop.png", "watch-high-contrast.png"]
    for name in names:
        (tmp_path / name).touch()
    gallery.write_index(tmp_path)
    page = (tmp_path / gallery.INDEX).read_text(encoding="utf-8")
    assert re.findall(r"<h2>(.+?)</h2>", page) == ["library", "library-odd", "watch"]
    assert sorted(re.findall(r'src="(.+?)"', page)) == sorted(names)


def test_pictures_of_the_documentation_are_of_looks_that_are_taken() -> None:
    taken = {look.name for look in LOOKS}
    for collage in gallery.COLLAGES:
        for shot in (collage.library, collage.player, collage.phone):
            assert any(shot.endswith(f"-{look}") for look in taken)
