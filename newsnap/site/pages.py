"""Pages: lists, articles, stories, histories, and what the site says of itself."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.errors import PyMongoError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from newsnap.categories import CATEGORIES
from newsnap.site import parameters
from newsnap.site.desk import Desk
from newsnap.site.differences import Change, compare, differences, words_in
from newsnap.site.rendering import article_path, paragraphs
from newsnap.store import StoreError
from newsnap.store.reading import Absent, day_of
from newsnap.takedowns import Rule, RulesUnreadable

Document = dict[str, Any]

MORE_ARTICLES = 6
"""More of the category, below an article."""
RELATED_ARTICLES = 10
STORY_ARTICLES = 10
"""Reprints on one page of a story: each is compared with the first."""
STORY_CHANGES = 12
"""Changed paragraphs that are shown of a reprint."""
HISTORY_VERSIONS = 20
LATE_DAYS = 2
"""A source whose newest article is older is marked on the page of the sources."""


class TakenDown(HTTPException):
    """An article that a takedown rule covers."""

    def __init__(self, rule: Rule | None):
        super().__init__(451)
        self.rule = rule


# --- lists ---


async def home(request: Request) -> Response:
    """Show the latest articles of all sources."""
    return await listing(request, {}, "home.html", {"feed": "/feed"})


async def category(request: Request) -> Response:
    """Show the latest articles of a category."""
    name = request.path_params["category"]
    if name not in CATEGORIES:
        raise HTTPException(404)
    base = f"/category/{name}"
    return await listing(request, {"category": name}, "list.html", {"category": name, "feed": f"{base}/feed"})


async def source(request: Request) -> Response:
    """Show the latest articles of a source."""
    desk, name = Desk.of(request), request.path_params["source"]
    if name not in desk.sources and not (await desk.reading.listed({"source": name}, 1)).articles:
        raise HTTPException(404)
    rule = (await desk.rules.now()).covering("", id=f"{name}:")
    if rule:
        raise TakenDown(rule)
    more = {"source": name, "masthead": desk.masthead(name), "feed": f"/source/{name}/feed"}
    return await listing(request, {"source": name}, "list.html", more)


async def day(request: Request) -> Response:
    """Show the articles of a day."""
    try:
        start = parameters.day(request.path_params["day"], "day")
        days = {"before": start - timedelta(days=1), "after": start + timedelta(days=1)}
    except (parameters.BadParameter, OverflowError):
        raise HTTPException(404) from None
    today = datetime.now(parameters.ZONE)
    shown = {name: f"{each:%Y-%m-%d}" for name, each in days.items() if each <= today}
    return await listing(request, day_of(start), "list.html", {"day": f"{start:%Y-%m-%d}", "days": shown})


async def listing(request: Request, query: Mapping[str, Any], template: str, more: Mapping[str, Any]) -> Response:
    """Show a page of a list."""
    desk = Desk.of(request)
    after = parameters.cursor(request)
    listed = await desk.reading.listed(query, desk.options.page_articles, after=after)
    return desk.renderer.page(request, template, {"listed": listed, "continued": after is not None, **more})


# --- articles ---


async def shown_article(request: Request) -> Document:
    """Return the article of a request's path.

    Raises HTTPException with 404, 410 or 451.
    """
    found = await Desk.of(request).reading.article(request.path_params["id"])
    if not isinstance(found, Absent):
        return found
    if found.why == "taken down":
        raise TakenDown(found.rule)
    raise HTTPException(410 if found.why == "deleted" else 404)


async def article(request: Request) -> Response:
    """Show a snapshot."""
    desk = Desk.of(request)
    found = await shown_article(request)
    more_query = {"category": found["category"]} if found["category"] else {"source": found["source"]}
    story, related, more = await asyncio.gather(
        desk.reading.story(found["story"]),
        desk.related(found, RELATED_ARTICLES),
        desk.reading.listed(more_query, MORE_ARTICLES + 1),
    )
    cut_short = desk.options.cut(found["source"])
    context = {
        "article": {name: value for name, value in found.items() if name != "body"},
        "parts_of_text": paragraphs(found, desk.options.extract_characters if cut_short else None),
        "cut_short": cut_short,
        "story": story,
        "related": related,
        "more": [each for each in more.articles if each["story"] != found["story"]][:MORE_ARTICLES],
    }
    return desk.renderer.page(request, "article.html", context)


async def history(request: Request) -> Response:
    """Show the versions of an article, each with what differs from the one before."""
    desk = Desk.of(request)
    found = await shown_article(request)
    if desk.options.cut(found["source"]):
        raise HTTPException(404)  # differences would show what is not to be shown
    earlier = await desk.reading.revisions(found["_id"])
    versions = [found, *earlier][: HISTORY_VERSIONS + 1]
    shown: list[Document] = []
    for at, version in enumerate(versions[:HISTORY_VERSIONS]):
        before = versions[at + 1] if at + 1 < len(versions) else None
        shown.append(
            {
                "revision": version["revision"],
                "snapshot": version["snapshot"],
                "replaced": version.get("replaced"),
                "title": compare(words_in(before["title"]), words_in(version["title"])) if before else None,
                "changes": await between(before["body"], version["body"]) if before else None,
                "plain_title": version["title"],
                "text": None if before else version["body"].split("\n"),
            }
        )
    return desk.renderer.page(request, "history.html", {"article": headline_of(found), "versions": shown})


async def story(request: Request) -> Response:
    """Show all reprints of a story in order of publication, and what they changed."""
    desk = Desk.of(request)
    page = parameters.number(request, "page", default=1, most=50)
    found = await desk.reading.story(request.path_params["id"], whole=True)
    if not found.articles:
        raise HTTPException(404)
    if len(found.articles) == 1:
        return RedirectResponse(article_path(found.articles[0]["_id"]), 302)
    first, rest = found.articles[0], found.articles[1:]
    chosen = rest[(page - 1) * STORY_ARTICLES : page * STORY_ARTICLES]
    if page > 1 and not chosen:
        raise HTTPException(404)
    reprints = []
    for each in chosen:
        hidden = desk.options.cut(first["source"]) or desk.options.cut(each["source"])
        changes = await between(first["body"], each["body"])
        differing = [change for change in changes if change.kind != "same"]
        reprints.append(
            {
                "article": headline_of(each),
                "differing": len(differing),
                "changes": [] if hidden else differing[:STORY_CHANGES],
                "gone": sum(change.kind == "gone" for change in differing),
                "new": sum(change.kind == "new" for change in differing),
                "title": compare(words_in(first["title"]), words_in(each["title"])),
            }
        )
    context = {
        "first": headline_of(first),
        "reprints": reprints,
        "count": len(found.articles),
        "page": page,
        "pages": -(-len(rest) // STORY_ARTICLES),
    }
    return desk.renderer.page(request, "story.html", context)


async def between(old: str, new: str) -> list[Change]:
    """Return the differences of two texts, found without keeping other readers waiting."""
    return await asyncio.to_thread(differences, old.split("\n"), new.split("\n"))


def headline_of(found: Mapping[str, Any]) -> Document:
    """Return an article without its text."""
    return {name: value for name, value in found.items() if name not in ("body", "figures", "keywords")}


# --- the site itself ---


async def status(request: Request) -> Response:
    """Show the sources and how fresh each is."""
    desk = Desk.of(request)
    holdings, runs = await desk.reading.status()
    now = datetime.now(UTC)
    rows = []
    for name in [*desk.sources, *sorted(set(holdings) - set(desk.sources))]:
        articles, newest = holdings.get(name, (0, None))
        if not articles and name not in runs:
            continue
        run = runs.get(name)
        late = newest is None or now - newest > timedelta(days=LATE_DAYS)
        rows.append(
            {
                "name": name,
                "masthead": desk.masthead(name),
                "articles": articles,
                "newest": newest,
                "run": run["started"] if run else None,
                "failed": run is not None and run["state"] not in ("done", "running"),
                "late": late,
            }
        )
    rules = await desk.rules.now()
    waiting = [
        each.site
        for name, each in desk.sources.items()
        if name != "web" and name not in holdings and not rules.covering("", id=f"{name}:")
    ]
    total = sum(articles for articles, _ in holdings.values())
    return desk.renderer.page(request, "status.html", {"rows": rows, "waiting": waiting, "total": total})


async def about(request: Request) -> Response:
    """Say what newsnap is, how its crawler behaves, and how to refuse it."""
    desk = Desk.of(request)
    ladder = desk.settings["NEWSNAP_LADDER_HOURS"]
    delay = desk.settings.getfloat("DOWNLOAD_DELAY")
    return desk.renderer.page(request, "about.html", {"ladder": ladder.split(","), "delay": f"{delay:g}"})


async def robots(request: Request) -> Response:
    """Say what search engines may read."""
    closed = "Disallow: /removal\nDisallow: /subscriptions\nDisallow: /search\nDisallow: /mine/\n"
    allowed = closed if Desk.of(request).options.indexed else "Disallow: /\n"
    return PlainTextResponse(f"User-agent: *\n{allowed}", headers={"cache-control": "max-age=3600"})


async def health(request: Request) -> Response:
    """Tell a load balancer whether articles can be shown."""
    desk = Desk.of(request)
    try:
        await desk.rules.now()
        await desk.store.terms.newest_change()
    except (RulesUnreadable, PyMongoError, StoreError):
        return JSONResponse({"ok": False}, 503, {"cache-control": "no-store"})
    return JSONResponse({"ok": True}, headers={"cache-control": "no-store"})
