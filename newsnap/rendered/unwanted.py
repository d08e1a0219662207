"""What a page asks for that its text does not need: never fetched, answered with nothing."""

from importlib.resources import files
from urllib.parse import urlsplit

BLANK_IMAGE = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
"""A transparent GIF of one pixel.  Many a script changes the address of an image that fails; the figure loses its."""

PLACEHOLDERS = {"image": ("image/gif", BLANK_IMAGE), "stylesheet": ("text/css", b"")}
"""Content type and body by Playwright's type of resource: what scripts wait for has to arrive, if only in name."""
FETCHED = frozenset({"document", "script", "xhr", "fetch"})
"""Types of resources that a text can come from; fonts, media, beacons, event streams and the rest are refused."""

TRACKERS = frozenset(files(__package__).joinpath("trackers.txt").read_text(encoding="ascii").split())
"""Domains of statistics and advertising, with all below them: those on Chinese news sites, and the world's."""


def is_tracker(url: str) -> bool:
    """Tell whether an address belongs to one who counts readers or sells to them.

    >>> is_tracker("https://hm.baidu.com/hm.js?1"), is_tracker("https://www.baidu.com/")
    (True, False)
    """
    labels = (urlsplit(url).hostname or "").split(".")
    return any(".".join(labels[at:]) in TRACKERS for at in range(len(labels) - 1))
