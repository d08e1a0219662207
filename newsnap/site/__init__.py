"""The reader's view: snapshots to read, search, subscribe to, and a way to ask for their removal.

`scrapy serve` runs it; for other servers it is the ASGI application `newsnap.site:app`.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # made when it is asked for: who wants another module of the site wants no application
    from scrapy.settings import Settings

    from newsnap.site.application import application

    settings = Settings()
    settings.setmodule("newsnap.settings", priority="project")
    globals()["app"] = application(settings)
    return globals()["app"]
