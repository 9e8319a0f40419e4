"""What becomes of the screenshots: one page that shows them all, and the pictures of the documentation."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from devstack.clips import run_ffmpeg

if TYPE_CHECKING:
    from playwright.sync_api import Browser

INDEX = "index.html"
WEBP_QUALITY = 90
SIZE = {"width": 1280, "height": 800}
"""CSS pixels of a picture of the documentation."""

INDEX_PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Screens</title>
<style>
  body {{ margin: 2rem; background: #777; font: 1rem system-ui, sans-serif; }}
  section {{ display: flex; gap: 1rem; overflow-x: auto; align-items: start; margin-bottom: 2rem; }}
  img {{ height: 30rem; }}
</style>
{sections}
"""
# Two windows and a phone on one ground: what somebody sees of the site before they have it.
COLLAGE_PAGE = """<!doctype html>
<meta charset="utf-8">
<style>
  body {{ margin: 0; height: 800px; position: relative; overflow: hidden; background: {ground}; }}
  img {{ position: absolute; box-shadow: 0 2px 6px rgb(8 10 18 / 20%), 0 24px 64px rgb(8 10 18 / 40%); }}
  img {{ outline: 1px solid rgb(255 255 255 / 14%); }}
  .library {{ left: 44px; top: 40px; width: 960px; border-radius: 14px; }}
  .player {{ right: 44px; bottom: 40px; width: 660px; border-radius: 14px; }}
  .phone {{ left: 120px; bottom: 40px; width: 196px; border: 7px solid #262b3a; border-radius: 30px; }}
</style>
<img class="library" src="{library}"><img class="player" src="{player}"><img class="phone" src="{phone}">
"""


@dataclass(frozen=True, slots=True)
class Collage:
    """A picture of the documentation, and the screenshots in it."""

    name: str
    library: str
    player: str
    phone: str
    ground: str


COLLAGES = (
    Collage(
        "site.en.webp",
        "library-desktop-dark",
        "player-preview-desktop-dark",
        "library-phone-dark",
        "linear-gradient(135deg, #3b3fd0, #7a35c9)",
    ),
    Collage(
        "site.pt-BR.webp",
        "library-desktop",
        "player-preview-desktop",
        "library-phone",
        "linear-gradient(135deg, #cfd6ff, #e9d3fa)",
    ),
)


def write_index(folder: Path) -> None:
    """One page with all pictures of the folder, a row for each screen."""
    screens: dict[str, list[str]] = {}
    for picture in sorted(folder.glob("*.png")):
        screens.setdefault(_screen(picture), []).append(picture.name)
    sections = "\n".join(_section(screen, names) for screen, names in screens.items())
    (folder / INDEX).write_text(INDEX_PAGE.format(sections=sections), encoding="utf-8")


def _screen(picture: Path) -> str:
    stem = picture.stem
    for look in ("-desktop", "-phone", "-high-contrast"):
        stem = stem.split(look, 1)[0]
    return stem


def _section(screen: str, names: list[str]) -> str:
    shown = "".join(
        f'<img loading="lazy" alt="" title="{html.escape(name)}" src="{html.escape(name)}">' for name in names
    )
    return f"<h2>{html.escape(screen)}</h2><section>{shown}</section>"


def make_documentation_pictures(browser: Browser, folder: Path, target: Path) -> Iterator[Path]:
    """Composes them from the screenshots in `folder`; those whose screenshots are missing stay as they are."""
    target.mkdir(parents=True, exist_ok=True)
    page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]
    try:
        for collage in COLLAGES:
            shots = {name: folder / f"{getattr(collage, name)}.png" for name in ("library", "player", "phone")}
            if not all(shot.exists() for shot in shots.values()):
                continue
            page.set_content(
                COLLAGE_PAGE.format(ground=collage.ground, **{name: _data_url(shot) for name, shot in shots.items()})
            )
            still = folder / f"{collage.name}.png"
            page.screenshot(path=still)
            yield _to_webp(still, target / collage.name)
            still.unlink()
    finally:
        page.close()


def _data_url(picture: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture.read_bytes()).decode()}"


def _to_webp(still: Path, target: Path) -> Path:
    run_ffmpeg(["-i", str(still), "-c:v", "libwebp", "-quality", str(WEBP_QUALITY), str(target)])
    return target
