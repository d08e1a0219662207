"""How much a page may cost that is rendered."""

from dataclasses import dataclass
from typing import Self

from scrapy.settings import BaseSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """The bounds of a crawl, read from NEWSNAP_RENDERED_* and DOWNLOAD_MAXSIZE."""

    pages: int
    """Pages open at once."""

    page_seconds: float
    """Time of a page, from its opening to its text; what it shows a little before the end is taken."""

    page_requests: int
    """Requests of a page that go out."""

    page_bytes: int
    """Bytes of all that a page is given."""

    document_bytes: int
    """Bytes of a page as the browser has it in the end, and of each thing it is given."""

    process_bytes: int
    """Memory of a process of the browser; one that takes more is killed, and its page with it."""

    browser_pages: int
    """Pages of a browser, after which it is replaced."""

    @classmethod
    def of(cls, settings: BaseSettings) -> Self:
        """Read the settings.

        Raises ValueError for one that allows nothing.
        """
        found = {
            "pages": settings.getint("NEWSNAP_RENDERED_PAGES"),
            "page_seconds": settings.getfloat("NEWSNAP_RENDERED_PAGE_SECONDS"),
            "page_requests": settings.getint("NEWSNAP_RENDERED_PAGE_REQUESTS"),
            "page_bytes": settings.getint("NEWSNAP_RENDERED_PAGE_BYTES"),
            "process_bytes": settings.getint("NEWSNAP_RENDERED_PROCESS_BYTES"),
            "browser_pages": settings.getint("NEWSNAP_RENDERED_BROWSER_PAGES"),
        }
        for name, value in found.items():
            if value <= 0:
                raise ValueError(f"NEWSNAP_RENDERED_{name.upper()} is {value}: give a number above 0")
        return cls(**found, document_bytes=settings.getint("DOWNLOAD_MAXSIZE") or found["page_bytes"])  # type: ignore[arg-type]
