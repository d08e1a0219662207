"""Crawls: a crawler that crawls one recording after the other, in a process of its own."""

import asyncio
import json
import os
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

import readied

ROOT = Path(__file__).parents[1]
PROGRAM = "import crawls; crawls.main()"
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


class Crawler:
    """The process, from its start."""

    def __init__(self, plan: Sequence[Step], home: Path, uri: str, database: str):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("NEWSNAP_", "MONGO_", "SCRAPY_"))}
        environment = kept | {
            "MONGO_URI": uri, "MONGO_DATABASE": database, "NEWSNAP_HOME": str(home),
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", "SCRAPY_SETTINGS_MODULE": "newsnap.settings",
        }  # fmt: skip
        self.log = home / f"{uuid.uuid4().hex}.log"
        self.process = readied.start(["-c", PROGRAM, json.dumps(plan)], environment, self.log, self.log)

    def end(self) -> tuple[int, str]:
        """Wait for its end; return its exit code and what it logged."""
        code = self.process.wait(SECONDS)
        return code, self.log.read_text(encoding="utf-8")


def run(plan: Sequence[Step], home: Path, uri: str, database: str) -> str:
    """Crawl, and return the log.  Raises AssertionError if the crawler broke."""
    code, log = Crawler(plan, home, uri, database).end()
    assert code == 0, log
    assert "Traceback" not in log, log
    return log


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
    plan = json.loads(sys.argv[1])
    react(deferred_f_from_coro_f(lambda reactor: crawl(plan)))
