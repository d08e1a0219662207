"""Feeds: Atom (RFC 4287) and JSON Feed (https://www.jsonfeed.org/version/1.1/) of everything that has a list."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote, urlencode

from lxml import etree
from markupsafe import escape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from newsnap.categories import CATEGORIES
from newsnap.search import QueryTooCostly
from newsnap.site import parameters
from newsnap.site.desk import Desk
from newsnap.site.finding import MAX_QUERY_CHARACTERS, look_for
from newsnap.site.rendering import article_path, has, http_date, paragraphs, shown

Document = dict[str, Any]
Kind = Literal["atom", "json"]

ATOM = "http://www.w3.org/2005/Atom"
FEED_ARTICLES = 30
TYPES: dict[Kind, str] = {"atom": "application/atom+xml", "json": "application/feed+json"}
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Feed:
    """A list to be followed."""

    title: str
    page: str
    """Path of the list that it follows."""

    own: str
    """Path of the feed."""

    articles: Sequence[Document]
    """Whole, newest first."""

    @property
    def updated(self) -> datetime:
        """When any of it last changed."""
        return max((each["changed"] for each in self.articles), default=BEGINNING)


async def home(request: Request) -> Response:
    """Follow all sources."""
    return await of_list(request, {}, "", "/")


async def category(request: Request) -> Response:
    """Follow a category."""
    name = request.path_params["category"]
    if name not in CATEGORIES:
        raise HTTPException(404)
    return await of_list(request, {"category": name}, name, f"/category/{quote(name)}")


async def source(request: Request) -> Response:
    """Follow a source."""
    desk, name = Desk.of(request), request.path_params["source"]
    if name not in desk.sources:
        raise HTTPException(404)
    return await of_list(request, {"source": name}, desk.masthead(name), f"/source/{name}")


async def search(request: Request) -> Response:
    """Follow a search."""
    query = parameters.text(request, "q", most=MAX_QUERY_CHARACTERS)
    if not query:
        raise parameters.BadParameter("q")
    try:
        found = await look_for(request, query, page=1, size=FEED_ARTICLES)
    except QueryTooCostly:
        raise parameters.BadParameter("q") from None
    asked = urlencode({name: value for name, value in request.query_params.items() if value})
    title = Desk.of(request).words["feed_of_search"].format(query=query)
    return await answer(request, title, f"/search?{asked}", [hit.id for hit in found.hits])


async def of_list(request: Request, query: Mapping[str, Any], title: str, page: str) -> Response:
    """Answer with the feed of a list."""
    listed = await Desk.of(request).reading.listed(query, FEED_ARTICLES)
    return await answer(request, title, page, [each["_id"] for each in listed.articles])


async def answer(request: Request, title: str, page: str, ids: Sequence[str], *, private: bool = False) -> Response:
    """Answer with the feed of articles, newest first, or with 304 where the reader has it."""
    desk = Desk.of(request)
    kind: Kind = "json" if request.url.path.endswith(".json") else "atom"
    articles = await desk.reading.whole(ids)
    articles.sort(key=lambda each: each["published"] or each["snapshot"], reverse=True)
    name = desk.options.name
    own = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    feed = Feed(f"{title} - {name}" if title else name, page, own, articles)
    tag = desk.renderer.tag(
        repr((kind, feed.title, own, [(each["_id"], each["changed"]) for each in articles])).encode()
    )
    headers = {
        "etag": tag,
        "last-modified": http_date(feed.updated),
        "cache-control": "private, no-cache" if private else "no-cache",
        "vary": "accept-encoding",
    }
    if has(request, tag, feed.updated):
        return Response(status_code=304, headers=headers)
    base = desk.renderer.base(request)
    made = as_json(desk, base, feed) if kind == "json" else as_atom(desk, base, feed)
    return Response(made, headers=headers, media_type=TYPES[kind])


def as_atom(desk: Desk, base: str, feed: Feed) -> bytes:
    """Return a feed as Atom."""
    root = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})
    root.set("{http://www.w3.org/XML/1998/namespace}lang", desk.options.language)

    def add(parent: Any, name: str, text: str = "", **attributes: str) -> Any:
        element = etree.SubElement(parent, f"{{{ATOM}}}{name}", {key: shown(each) for key, each in attributes.items()})
        element.text = shown(text) or None
        return element

    add(root, "id", base + feed.page)
    add(root, "title", feed.title)
    add(root, "updated", stamp(feed.updated))
    add(root, "link", rel="self", href=base + feed.own)
    add(root, "link", rel="alternate", type="text/html", href=base + feed.page)
    add(root, "generator", "newsnap")
    for each in feed.articles:
        entry = add(root, "entry")
        address = base + article_path(each["_id"])
        add(entry, "id", address)
        add(entry, "title", each["title"])
        add(entry, "updated", stamp(each["changed"]))
        add(entry, "published", stamp(each["published"] or each["snapshot"]))
        add(entry, "link", rel="alternate", type="text/html", href=address)
        add(entry, "link", rel="via", href=each["url"])
        for author in each["authors"] or [each["outlet"] or each["site"]]:
            add(add(entry, "author"), "name", author)
        if each["category"]:
            add(entry, "category", term=each["category"])
        add(entry, "content", as_html(desk, each), type="html")
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def as_json(desk: Desk, base: str, feed: Feed) -> bytes:
    """Return a feed as JSON Feed."""
    items = [
        {
            "id": base + article_path(each["_id"]),
            "url": base + article_path(each["_id"]),
            "external_url": each["url"],
            "title": shown(each["title"]),
            "content_html": as_html(desk, each),
            "date_published": stamp(each["published"] or each["snapshot"]),
            "date_modified": stamp(each["changed"]),
            "authors": [{"name": shown(name)} for name in each["authors"] or [each["outlet"] or each["site"]]],
            "tags": [each["category"]] if each["category"] else [],
            "language": each["language"],
        }
        for each in feed.articles
    ]
    made = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": shown(feed.title),
        "home_page_url": base + feed.page,
        "feed_url": base + feed.own,
        "language": desk.options.language,
        "items": items,
    }
    return json.dumps(made, ensure_ascii=False).encode("utf-8", "replace")


def as_html(desk: Desk, article: Document) -> str:
    """Return the text of an article, as much as may be shown, with nothing in it but paragraphs and headings."""
    most = desk.options.extract_characters if desk.options.cut(article["source"]) else None
    parts = [each for each in paragraphs(article, most) if each["kind"] != "figure"]
    return shown("".join(f"<{each['kind']}>{escape(each['text'])}</{each['kind']}>" for each in parts))


def stamp(at: datetime) -> str:
    """Return a time as RFC 3339 has it."""
    return at.astimezone(parameters.ZONE).isoformat(timespec="seconds")
