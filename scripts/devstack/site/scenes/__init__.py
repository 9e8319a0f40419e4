"""Short films of painted landscapes: what the pictures of the site show, since test cards please nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from devstack.clips import run_ffmpeg

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAINTER = Path(__file__).with_name("scenes.js")
WIDTH, HEIGHT = 1280, 720
MARGIN = 1.08
"""The camera moves over a picture that is so much larger than the film."""
RATE = 1
"""Frames a second: minutes of film at the cost of seconds."""


@dataclass(frozen=True, slots=True)
class Film:
    """One film: which scene, how long in seconds, and its title by language."""

    scene: str
    seconds: int
    titles: Mapping[str, str]


FILMS = (
    Film("forest", 94, {"pt-BR": "Domingo no parque", "en": "Sunday in the park"}),
    Film("city", 47, {"pt-BR": "São Paulo vista do terraço", "en": "São Paulo from the rooftop"}),
    Film("lake", 203, {"pt-BR": "Acampamento no lago", "en": "Camping by the lake"}),
    Film("party", 128, {"pt-BR": "Festa junina da escola", "en": "School summer party"}),
    Film("mountains", 156, {"pt-BR": "Trilha na Serra da Mantiqueira", "en": "Hiking in the Mantiqueira mountains"}),
    Film("candles", 72, {"pt-BR": "Aniversário da vovó", "en": "Grandma's birthday"}),
    Film("balloons", 185, {"pt-BR": "Balões em Boituva", "en": "Balloons over Boituva"}),
    Film("beach", 139, {"pt-BR": "Pôr do sol em Jericoacoara", "en": "Sunset in Jericoacoara"}),
)
"""Oldest first; the newest stands first in the library."""


def make_films(browser: Browser, folder: Path, films: Sequence[Film] = FILMS) -> dict[str, Path]:
    """Films by the name of their scene. Raises ClipError."""
    page = browser.new_page(viewport={"width": round(WIDTH * MARGIN), "height": round(HEIGHT * MARGIN)})
    try:
        page.add_script_tag(path=PAINTER)
        made = {}
        for film in films:
            still = folder / f"{film.scene}.png"
            page.evaluate("scene => paint(scene)", film.scene)
            page.screenshot(path=still)
            made[film.scene] = _pan(still, film.seconds)
        return made
    finally:
        page.close()


def _pan(still: Path, seconds: int) -> Path:
    """A film in which the camera moves slowly over the still."""
    target = still.with_suffix(".mp4")
    share = f"t/{seconds}"
    window = f"crop={WIDTH}:{HEIGHT}:(iw-ow)*{share}:(ih-oh)*(1-{share})"
    source = ["-loop", "1", "-framerate", str(RATE), "-t", str(seconds), "-i", str(still)]
    encoded = ["-vf", window, "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"]
    run_ffmpeg([*source, *encoded, str(target)])
    return target
