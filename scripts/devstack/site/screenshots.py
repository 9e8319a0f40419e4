"""`dev.py screenshots`: every screen of the site, for people to look at, and the pictures of the documentation."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from devstack import clips
from devstack.contract.client import Platform
from devstack.contract.invited import invite_silently
from devstack.site import gallery, tours
from devstack.site.browser import NoBrowserError, open_browser
from devstack.site.scenes import FILMS, make_films
from devstack.site.tours import Guest, Props
from devstack.site.visitor import WITHOUT_FILE_PICKER, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from devstack.contract.client import Account, Inbox

MEBIBYTE = 1024 * 1024
CONVERSION_SECONDS = 600
"""For all films of a library, on a machine that does other things too."""
EXIT_FAILED = 1


@dataclass(frozen=True, slots=True)
class Look:
    """One way to see the site. Sizes in CSS pixels; `more` is for Playwright's browser context."""

    name: str
    language: str
    width: int
    height: int
    scheme: str = "light"
    scale: float = 1
    more: Mapping[str, Any] = field(default_factory=dict)

    def options(self) -> dict[str, Any]:
        """As Playwright wants them for a browser context."""
        return {
            "locale": self.language,
            "viewport": {"width": self.width, "height": self.height},
            "color_scheme": self.scheme,
            "device_scale_factor": self.scale,
            "reduced_motion": "reduce",
            **self.more,
        }


TOUCH = {"has_touch": True, "is_mobile": True}
LOOKS = (
    Look("desktop", "pt-BR", 1280, 800),
    Look("desktop-dark", "en", 1280, 800, "dark"),
    Look("phone", "pt-BR", 390, 844, scale=2, more=TOUCH),
    Look("phone-dark", "en", 390, 844, "dark", scale=2, more=TOUCH),
    Look("phone-small", "pt-BR", 320, 568, "dark", scale=2, more=TOUCH),
    Look("high-contrast", "en", 1280, 800, "dark", more={"forced_colors": "active"}),
)


@dataclass(frozen=True, slots=True)
class Studio:
    """What all pictures are taken with."""

    browser: Browser
    outputs: Mapping[str, str]
    inbox: Inbox
    folder: Path
    console: Console


def take_screenshots(
    outputs: Mapping[str, str],
    inbox: Inbox,
    folder: Path,
    console: Console,
    *,
    only: str | None = None,
    documentation: Path | None = None,
) -> int:
    """Writes `{screen}-{look}.png` files and an `index.html` of all into `folder`; returns the exit code.

    `only` is the name of one look. `documentation` is where the pictures of the documentation go, if anywhere.
    """
    folder.mkdir(parents=True, exist_ok=True)
    looks = [look for look in LOOKS if only in (None, look.name)]
    try:
        with tempfile.TemporaryDirectory() as scratch, open_browser() as browser:
            studio = Studio(browser, outputs, inbox, folder, console)
            console.print("Making films to look at")
            films = make_films(browser, Path(scratch))
            props = _make_props(Path(scratch), films["beach"])
            accounts = {language: _owner(studio, films, language) for language in {look.language for look in looks}}
            for look in looks:
                _take(studio, look, props, accounts[look.language])
            gallery.write_index(folder)
            if documentation:
                for picture in gallery.make_documentation_pictures(browser, folder, documentation):
                    console.print(f"Made {picture}")
    except NoBrowserError as error:
        console.print(str(error), style="red", markup=False)
        return EXIT_FAILED
    console.print(f"Pictures of every screen: {(folder / gallery.INDEX).resolve()}")
    return 0


def _make_props(folder: Path, film: Path) -> Props:
    """Files for the newcomer; padded with nothing, so that they are large without being so on the disk."""
    sizes = {
        "Casamento de Ana e João.mp4": 310,
        "Formatura da Júlia - câmera 2.mov": 240,
        "Viagem de trem pela serra, do começo ao fim, sem cortes (versão final).mp4": 150,
        "Show da banda.mp4": 120,
    }
    large = [folder / name for name in sizes]
    for path, size in zip(large, sizes.values(), strict=True):
        path.write_bytes(film.read_bytes())
        clips.pad(path, size * MEBIBYTE)
    small = folder / "Pôr do sol.mp4"
    small.write_bytes(film.read_bytes())
    document = folder / "Convite.pdf"
    document.write_bytes(b"%PDF-1.7\n")
    return Props(small, large, document)


def _owner(studio: Studio, films: Mapping[str, Path], language: str) -> Account:
    """Somebody with all films in their library, under titles of the language."""
    studio.console.print(f"Converting films ({language})")
    with Platform(studio.outputs, studio.inbox) as platform:
        account, library = platform.join(f"ana-{secrets.token_hex(4)}@example.com", tours.PASSWORD)
        uploads = [library.upload(path) for path in _titled(films, language)]
        for upload in uploads:
            library.wait_ready(upload.video_id, timeout=CONVERSION_SECONDS)
    return account


def _titled(films: Mapping[str, Path], language: str) -> Iterator[Path]:
    """The films, one by one, as files whose names are their titles."""
    for film in FILMS:
        path = films[film.scene].with_name(f"{film.titles[language]}.mp4")
        path.write_bytes(films[film.scene].read_bytes())
        yield path


def _take(studio: Studio, look: Look, props: Props, account: Account) -> None:
    studio.console.print(f"{look.name} ({look.width} by {look.height}, {look.scheme}, {look.language})")
    with _visitor(studio, look) as visitor:
        guest = Guest(f"joao-{secrets.token_hex(4)}@example.com", tours.PASSWORD)
        invite_silently(studio.outputs, guest.email, guest.password)
        _shoot(studio, look, visitor, tours.newcomer_tour(visitor, props, guest))
    with _visitor(studio, look) as visitor:
        _shoot(studio, look, visitor, tours.owner_tour(visitor, account))


def _shoot(studio: Studio, look: Look, visitor: Visitor, tour: Iterator[str]) -> None:
    for screen in tour:
        path = studio.folder / f"{screen}-{look.name}.png"
        visitor.page.screenshot(path=path, full_page=screen in tours.FULL_PAGE)


@contextmanager
def _visitor(studio: Studio, look: Look) -> Iterator[Visitor]:
    context = studio.browser.new_context(**look.options())
    context.add_init_script(WITHOUT_FILE_PICKER)
    try:
        yield Visitor(context.new_page(), studio.outputs, studio.inbox, look.language)
    finally:
        context.close()
