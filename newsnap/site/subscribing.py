"""My subscriptions: what a reader follows, without an account."""

import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from newsnap.categories import CATEGORIES
from newsnap.search import QueryTooCostly
from newsnap.site import feeds, opml, parameters
from newsnap.site.desk import Desk
from newsnap.site.finding import MAX_QUERY_CHARACTERS
from newsnap.site.rendering import shown
from newsnap.store.subscriptions import KEPT_DAYS, Subscription

Document = dict[str, Any]

COOKIE = "newsnap_mine"
SHOWN_ARTICLES = 40
WORD_DAYS = 30
"""What a search finds of these is shown first."""
FOUND_SECONDS = 60.0
MOST_FOUND = 1000
NEEDED = ("_id", "story", "published", "snapshot")
KINDS = {"category": "categories", "source": "sources", "word": "words"}


def token_of(request: Request) -> str | None:
    """Return the token of the reader's cookie; None if there is none of ours."""
    return Desk.of(request).keys.read("mine", request.cookies.get(COOKIE, ""))


async def mine_of(desk: Desk, token: str | None) -> Subscription:
    """Return what the reader with a token follows; nothing for one without."""
    found = await desk.store.subscriptions.find(desk.keys.digest("mine", token)) if token else None
    return found or Subscription()


async def page(request: Request) -> Response:
    """Show what the reader follows; `category`, `source` or `word` offer something to follow."""
    desk, token = Desk.of(request), token_of(request)
    offered = {name: parameters.text(request, name, most=MAX_QUERY_CHARACTERS) for name in KINDS}
    checked(desk, offered)
    return await show(request, await mine_of(desk, token), offered, token)


async def show(
    request: Request,
    mine: Subscription,
    offered: dict[str, str],
    token: str | None,
    *,
    error: str = "",
    status: int = 200,
) -> Response:
    desk = Desk.of(request)
    form = desk.keys.form_token(request)
    listed = await desk.reading.those(await newest(request, mine)) if mine else {}
    articles = sorted(listed.values(), key=lambda each: each["published"] or each["snapshot"], reverse=True)
    context = {
        "mine": mine,
        "offered": {name: value for name, value in offered.items() if value and not mine.has(KINDS[name], value)},
        "articles": articles[:SHOWN_ARTICLES],
        "form": form,
        "feed": f"/mine/{desk.keys.digest('feed', token)}/feed" if token and mine else None,
        "sources": {name: each.site for name, each in desk.sources.items() if name != "web"},
        "error": error,
        "kept_days": KEPT_DAYS,
    }
    answer = desk.renderer.page(request, "subscriptions.html", context, kept=False, status=status)
    return desk.keys.with_form(answer, form)


async def change(request: Request) -> Response:
    """Follow more or less, take over an OPML, or forget everything."""
    desk, token = Desk.of(request), token_of(request)
    form = await request.form(max_files=1, max_fields=40)
    desk.keys.check_form(request, form.get("form"))
    back = RedirectResponse("/subscriptions", 303)
    if form.get("act") == "delete":
        if token:
            await desk.store.subscriptions.delete(desk.keys.digest("mine", token))
        back.delete_cookie(COOKIE)
        return back
    add, drop = Subscription(), Subscription()
    for name, kind in KINDS.items():
        for act, target in (("add", add), ("drop", drop)):
            for value in texts(form, f"{act}_{name}"):
                if act == "add":
                    checked(desk, {name: value})
                target.add(kind, value)
    upload = form.get("opml")
    if isinstance(upload, UploadFile):
        try:
            add = opml.read(desk, await upload.read())
        except opml.OpmlError:
            mine = await mine_of(desk, token)
            return await show(request, mine, {}, token, error=desk.words["opml_refused"], status=400)
    if add or drop:
        token = token or secrets.token_urlsafe(24)
        id, feed = desk.keys.digest("mine", token), desk.keys.digest("kept feed", desk.keys.digest("feed", token))
        await desk.store.subscriptions.change(id, feed, add=add, drop=drop)
        desk.keys.set_cookie(back, COOKIE, desk.keys.sign("mine", token), seconds=KEPT_DAYS * 86_400)
    return back


def texts(form: FormData, name: str) -> list[str]:
    """Return the texts of a form's field, those that say anything."""
    return [shown(each).strip() for each in form.getlist(name) if isinstance(each, str) and shown(each).strip()]


def checked(desk: Desk, given: dict[str, str]) -> None:
    """Raise BadParameter for what cannot be followed."""
    if given.get("category") and given["category"] not in CATEGORIES:
        raise parameters.BadParameter("category")
    if given.get("source") and given["source"] not in desk.sources:
        raise parameters.BadParameter("source")
    if len(given.get("word", "")) > MAX_QUERY_CHARACTERS:
        raise parameters.BadParameter("word")


async def newest(request: Request, mine: Subscription) -> list[str]:
    """Return the identities of the newest articles of all that is followed."""
    desk = Desk.of(request)
    found: dict[str, Any] = {}
    # one query each: MongoDB reads either in order of its index, and would sort both at once
    for name, values in (("category", mine.categories), ("source", mine.sources)):
        if values:
            listed = await desk.reading.listed({name: {"$in": values}}, SHOWN_ARTICLES)
            found |= {each["_id"]: each for each in listed.articles}
    for words in mine.words:
        found |= {each["_id"]: each for each in await found_by(request, words)}
    told: dict[str, Any] = {}
    for each in found.values():  # lists first: of a story they show the first publisher, a search what was found
        told.setdefault(each["story"], each)
    in_order = sorted(told.values(), key=lambda each: each["published"] or each["snapshot"], reverse=True)
    return [each["_id"] for each in in_order[:SHOWN_ARTICLES]]


async def found_by(request: Request, words: str) -> list[Document]:
    """Return the newest of what a search finds, as lists show it; what is shown of it is asked for again.

    A feed reader asks for the same again and again: it is searched once a minute.
    """
    desk = Desk.of(request)
    known = desk.found.pop(words, None)
    if known is None or time.monotonic() - known[0] > FOUND_SECONDS:
        await desk.limits.count(request, "searches")
        hits: dict[str, Document] = {}
        for since in (datetime.now(UTC) - timedelta(days=WORD_DAYS), None):  # what is best of all times is not new
            try:
                async with desk.limits.searching():
                    results = await desk.search.find(words, since=since, size=SHOWN_ARTICLES)
            except QueryTooCostly:
                break
            hits |= {hit.id: hit.article for hit in results.hits if not results.relaxed}
            if len(results.hits) == SHOWN_ARTICLES:
                break
        known = (time.monotonic(), [{name: each[name] for name in NEEDED} for each in hits.values()])
    desk.found[words] = known
    while len(desk.found) > MOST_FOUND:
        del desk.found[next(iter(desk.found))]
    return known[1]


async def feed(request: Request) -> Response:
    """Answer with the feed of a reader's subscriptions, at its private address."""
    desk, key = Desk.of(request), request.path_params["key"]
    mine = await desk.store.subscriptions.of_feed(desk.keys.digest("kept feed", key))
    if mine is None:
        raise HTTPException(404)
    ids = await newest(request, mine)
    return await feeds.answer(request, desk.words["subscriptions"], "/subscriptions", ids, private=True)


async def export(request: Request) -> Response:
    """Answer with what the reader follows as OPML."""
    desk, token = Desk.of(request), token_of(request)
    made = opml.write(desk, desk.renderer.base(request), await mine_of(desk, token))
    headers = {"content-disposition": 'attachment; filename="newsnap.opml"', "cache-control": "no-store"}
    return Response(made, headers=headers, media_type="text/x-opml")
