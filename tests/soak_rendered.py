"""Rendered pages with hangs and crashes mixed in: memory stays bounded, nothing stalls, no process is left.

    python tests/soak_rendered.py [--pages 200] [--mongo-uri URI]

A third of the pages misbehave: scripts without end, memory without end, pages that load themselves or each other for
ever, pages of 120 MB, requests without an answer; and now and then the browser is killed from outside.  Without a URI
the embedded server keeps what is stored, in a directory of its own.
"""

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from scripted import Site, running_site  # noqa: E402 - the project is run from wherever it lies

MISBEHAVING = ("hung", "hog", "reload", "chase", "huge", "growing", "waiting", "chatty", "popups", "download", "late")
LOST = {"hung", "hog", "reload", "chase", "huge"}
"""Behaviours that cost the article; the others do not."""
SETTINGS = {
    "NEWSNAP_RENDERED_PAGE_SECONDS": "10",
    "NEWSNAP_RENDERED_PROCESS_BYTES": "400000000",
    "CONCURRENT_REQUESTS_PER_DOMAIN": "3",
    "NEWSNAP_RENDERED_PAGES": "3",
    "NEWSNAP_RENDERED_PAGE_REQUESTS": "30",
    "NEWSNAP_RENDERED_BROWSER_PAGES": "10",
    "CLOSESPIDER_ERRORCOUNT": "0",
}


@dataclass(slots=True)
class Figures:
    """What a run showed."""

    pages: int
    wanted: int
    """Articles that there were to be had."""

    exit_code: int = -1
    seconds: float = 0.0
    stored: int = 0
    longest_gap: float = 0.0
    """Seconds between two requests to the site, at most."""

    crawler_bytes: list[int] = field(default_factory=list)
    """Memory of the crawl's own process, once a second."""

    browser_bytes: list[int] = field(default_factory=list)
    """Memory of Playwright's driver and the browser together, once a second."""

    kills: int = 0
    """Browsers killed from outside."""

    left: list[str] = field(default_factory=list)
    """Command lines of processes that are left in the end."""

    log: str = ""

    def lines(self) -> list[str]:
        """Return the figures in words."""
        third = max(1, len(self.crawler_bytes) // 3)
        began, ended = max(self.crawler_bytes[:third]), max(self.crawler_bytes[-third:])
        told = re.findall(r"'(newsnap/rendered/[^']+)': (\d+)", self.log)
        return [
            f"{self.pages} pages in {self.seconds:.0f} s, exit {self.exit_code}",
            f"stored {self.stored} of the {self.wanted} articles that could be had",
            f"longest pause without a request {self.longest_gap:.1f} s",
            f"crawler at most {mega(began)} in the first third, {mega(ended)} in the last",
            f"driver and browser at most {mega(max(self.browser_bytes))}, browsers killed from outside: {self.kills}",
            f"processes left: {len(self.left)}",
            *(f"{name.removeprefix('newsnap/rendered/')}: {count}" for name, count in told),
        ]


def mega(size: int) -> str:
    return f"{size / 1e6:.0f} MB"


class Family:
    """The processes of a crawl: those started with its NEWSNAP_HOME, and all that they have started since.

    Chromium writes over the environment of some of its processes, so parents are asked for as well, as long as they are
    there.
    """

    def __init__(self, home: Path):
        self.mark = f"NEWSNAP_HOME={home}".encode()
        self.members: dict[int, int] = {}
        """When each was started, by its id."""

    def look(self) -> dict[int, str]:
        """Return the command lines of those that are there now, by id; mongod is none of the family."""
        parents, lines = {}, {}
        for folder in Path("/proc").glob("[0-9]*"):
            id = int(folder.name)
            try:
                state, parent, *more = (folder / "stat").read_text().rpartition(") ")[2].split()
                lines[id] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                marked = self.mark in (folder / "environ").read_bytes().split(b"\0")
            except OSError:  # it ended, or is another's
                continue
            if state != "Z":
                parents[id] = int(parent), int(more[17]), marked
        for id, (_, started, marked) in parents.items():
            if marked and "mongod" not in lines[id]:
                self.members[id] = started
        while new := [id for id, (parent, *_) in parents.items() if parent in self.members and id not in self.members]:
            self.members |= {id: parents[id][1] for id in new if "mongod" not in lines[id]}
            if all("mongod" in lines[id] for id in new):
                break
        return {id: lines[id] for id, at in self.members.items() if id in parents and parents[id][1] == at}

    def browsers(self) -> list[int]:
        """Return the ids of the browsers' main processes."""
        return [id for id, line in self.look().items() if "--headless" in line and "--type=" not in line]

    def drivers(self) -> list[int]:
        """Return the ids of the processes of Playwright that steer the browsers."""
        return [id for id, line in self.look().items() if "run-driver" in line]


def memory_of(id: int) -> int:
    """Return the memory that a process has of its own, in bytes."""
    try:
        resident, shared = Path(f"/proc/{id}/statm").read_text().split()[1:3]
    except OSError:
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


def plan(count: int, every: float, seed: int) -> list[str]:
    """Return the names of so many pages; of so many in a row one misbehaves, each behaviour about as often."""
    behaviours = [each for _ in range(count) for each in MISBEHAVING][: int(count / every)]
    random.Random(seed).shuffle(behaviours)
    names = [f"good{at}" for at in range(count)]
    for number, behaviour in enumerate(behaviours):
        names[int(number * every) + 1] = f"{behaviour}{number * 100}"  # "chase" goes on to the next numbers
    return names


def soak(
    site: Site, pages: int, home: Path, environment: dict[str, str], *, every: float = 3, kill_every: float = 0.0
) -> Figures:
    """Crawl, watch, and return what was seen; kill_every is in seconds, 0 for never."""
    names = plan(pages, every, seed=3)
    behaviours = [name.rstrip("0123456789") for name in names]
    figures = Figures(pages, sum(each not in LOST for each in behaviours))
    addresses = home.parent / "addresses.txt"
    addresses.write_text("\n".join(site.url(f"scripted/{name}.html") for name in names))
    settings = [f"-s{name}={value}" for name, value in SETTINGS.items()]
    command = [sys.executable, "-m", "scrapy", "crawl", "scripted", "-s", "SPIDER_MODULES=newsnap.spiders,scripted"]
    command += ["-s", "STATS_DUMP=1", "-a", f"urls=@{addresses}", *settings]
    begun = asked_at = time.monotonic()
    asked, killed_at = 0, begun
    family = Family(home)
    with tempfile.TemporaryFile("w+") as log:
        crawl = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        while crawl.poll() is None:
            time.sleep(1)
            now = time.monotonic()
            if len(site.asked) > asked:
                asked, asked_at = len(site.asked), now
            elif asked:
                figures.longest_gap = max(figures.longest_gap, now - asked_at)
            sizes = {id: memory_of(id) for id in family.look()}
            figures.crawler_bytes.append(sizes.pop(crawl.pid, 0))
            figures.browser_bytes.append(sum(sizes.values()))
            if kill_every and now - killed_at > kill_every and (found := family.browsers()):
                os.kill(found[0], signal.SIGKILL)
                killed_at, figures.kills = now, figures.kills + 1
        figures.exit_code, figures.seconds = crawl.returncode, time.monotonic() - begun
        log.seek(0)
        figures.log = log.read()
    time.sleep(1)
    figures.left = list(family.look().values())
    new = re.search(r"new (\d+)", figures.log)
    figures.stored = int(new[1]) if new else 0
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description="Render pages that misbehave.")
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--mongo-uri", default="")
    parser.add_argument("--log", type=Path, help="keep the log of the crawl in this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_site() as site:
        home = Path(folder) / "home"
        figures = soak(site, options.pages, home, crawl_environment(home, options.mongo_uri), kill_every=45)
    if options.log:
        options.log.write_text(figures.log)
    print("\n".join(figures.lines()))
    if figures.left or figures.stored < figures.wanted * 0.97:
        sys.exit("soak: processes are left, or articles are missing")


def crawl_environment(home: Path, mongo_uri: str) -> dict[str, str]:
    return os.environ | {
        "MONGO_URI": mongo_uri,
        "MONGO_DATABASE": f"soak_{os.getpid()}",
        "NEWSNAP_HOME": str(home),
        "NEWSNAP_GUARD_ALLOWED_NETWORKS": "127.0.0.1/32",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}",
    }


if __name__ == "__main__":
    main()
