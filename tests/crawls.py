"""Crawls: a crawler that crawls one recording after the other, in a process of its own.

`python tests/crawls.py` reads its plan from standard input.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

ROOT = Path(__file__).parents[1]
SECONDS = 120
"""No crawl of a test takes so long."""


class Step(TypedDict):
    """What is crawled at once."""

    replay: str
    """The recording."""

    urls: dict[str, list[str]]
    """Articles by source; none: what the source lists."""

    refresh: bool
    """Whether those are fetched that need not be, too."""


def run(plan: Sequence[Step], home: Path, uri: str, database: str) -> str:
    """Crawl, and return the log.  Raises AssertionError if the crawler broke."""
    process = start(plan, home, uri, database)
    log = process.communicate(timeout=SECONDS)[1]
    assert process.returncode == 0, log
    assert "Traceback" not in log, log
    return log


def start(plan: Sequence[Step], home: Path, uri: str, database: str) -> "subprocess.Popen[str]":
    """Start a crawler; `communicate` gives its log."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEWSNAP_", "MONGO_", "SCRAPY_"))}
    environment = kept | {
        "MONGO_URI": uri, "MONGO_DATABASE": database, "NEWSNAP_HOME": str(home), "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, __file__], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdin
    process.stdin.write(json.dumps(plan))
    process.stdin.close()
    process.stdin = None
    return process


async def crawl(plan: Sequence[Step]) -> None:
    """Crawl step after step, the sources of each at once."""
    from scrapy.crawler import AsyncCrawlerRunner
    from scrapy.utils.project import get_project_settings

    for step in plan:
        settings = get_project_settings()
        settings.set("NEWSNAP_REPLAY", step["replay"], priority="cmdline")
        runner = AsyncCrawlerRunner(settings)
        every: dict[str, Any] = {"refresh": "1"} if step["refresh"] else {}
        arguments = {
            source: every | ({"urls": ",".join(urls)} if urls else {}) for source, urls in step["urls"].items()
        }
        await asyncio.gather(*(runner.crawl(source, **given) for source, given in arguments.items()))


def main() -> None:
    from scrapy.utils.defer import deferred_f_from_coro_f
    from scrapy.utils.log import configure_logging
    from scrapy.utils.reactor import install_reactor

    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    from twisted.internet.task import react

    configure_logging({"LOG_LEVEL": "INFO"})
    plan = json.load(sys.stdin)
    react(deferred_f_from_coro_f(lambda reactor: crawl(plan)))


if __name__ == "__main__":
    main()
