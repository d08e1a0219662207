"""The browser that is installed: Playwright's own, else the system's Chromium or Chrome."""

import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from scrapy.settings import BaseSettings

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
"""Of the system's, on $PATH; Debian's package calls it `chromium`."""
APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
OF_PLAYWRIGHT = (
    "chromium-*/chrome-linux*/chrome",
    "chromium_headless_shell-*/chrome-*/*headless*shell",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
)
"""Where `playwright install` puts them, below its folder; each name ends in a number, the higher the newer."""
LIBRARY = "scrapy_playwright"


class NoBrowser(ValueError):
    """There is no browser to render with; the message says how to get one."""


def find_browser(settings: BaseSettings) -> Path:
    """Return the path of the browser to render with.

    Settings: NEWSNAP_BROWSER_PATH.  Raises NoBrowser.
    """
    if importlib.util.find_spec(LIBRARY) is None:
        raise NoBrowser(f"pages cannot be rendered without {LIBRARY}: run `pip install -r requirements.txt`")
    if chosen := settings.get("NEWSNAP_BROWSER_PATH"):
        path = Path(chosen).expanduser()
        if path.is_file() and os.access(path, os.X_OK):
            return path
        raise NoBrowser(
            f"NEWSNAP_BROWSER_PATH={chosen} is no program that can be run: give the path of Chromium or Chrome, or "
            "leave it empty to have one looked for"
        )
    found = next(candidates(), None)
    if found is None:
        raise NoBrowser(
            "pages cannot be rendered without a browser, and none was found: `playwright install chromium` or "
            "`apt install chromium` gives one, NEWSNAP_BROWSER_PATH names one that is elsewhere"
        )
    return found


def candidates() -> Iterator[Path]:
    """Yield the browsers that are installed, the one to be preferred first."""
    for pattern in OF_PLAYWRIGHT:
        newest_first = sorted(playwright_folder().glob(pattern), key=revision, reverse=True)
        yield from (path for path in newest_first if os.access(path, os.X_OK))
    yield from (Path(path) for name in NAMES if (path := shutil.which(name)))
    yield from (Path(path) for path in APPLICATIONS if os.access(path, os.X_OK))


def playwright_folder() -> Path:
    """Return the folder that `playwright install` fills."""
    named = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    if named == "0" and (library := importlib.util.find_spec("playwright")) and library.origin:
        return Path(library.origin).parent / "driver" / "package" / ".local-browsers"
    if named:
        return Path(named)
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "ms-playwright"


def revision(path: Path) -> int:
    """Return the number in the name of a browser's folder.

    >>> revision(Path("/home/a/.cache/ms-playwright/chromium-1217/chrome-linux64/chrome"))
    1217
    """
    return max((int(number) for number in re.findall(r"chromium\w*-(\d+)", str(path))), default=0)
