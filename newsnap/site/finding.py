"""Search: the form, and what it finds."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from newsnap.categories import CATEGORIES
from newsnap.search import QueryTooCostly, Results
from newsnap.site import parameters
from newsnap.site.desk import Desk
from newsnap.site.rendering import article_path, web_address

MOST_PAGES = 25
MAX_QUERY_CHARACTERS = 200


async def search(request: Request) -> Response:
    """Show what a search finds, or the form where nothing is asked; an address of an article leads to it."""
    desk = Desk.of(request)
    query = parameters.text(request, "q")
    page = parameters.number(request, "page", default=1, most=MOST_PAGES)
    given = chosen(request, desk)
    found = None
    if query and (address := web_address(query)):
        known = desk.sources.identify(address)
        there = await desk.reading.at(known.url if known else address, id=known.id if known else None)
        if there:
            return RedirectResponse(article_path(there["_id"]), 303)
    refused = None
    if query and len(query) > MAX_QUERY_CHARACTERS:
        refused = "search_too_long"
    elif query:
        try:
            found = await look_for(request, query, page=page, size=desk.options.page_articles)
        except QueryTooCostly:
            refused = "search_too_costly"
    context = {
        "query": query,
        "given": given,
        "found": found,
        "refused": refused,
        "page": page,
        "most_pages": MOST_PAGES,
        "sources": {name: each.site for name, each in desk.sources.items()},
    }
    return desk.renderer.page(request, "search.html", context)


def chosen(request: Request, desk: Desk) -> dict[str, str]:
    """Return the parts of a search besides its words, as they were given.

    Raises BadParameter for a source or category that there is not, and for days that are none.
    """
    given = {name: parameters.text(request, name, most=64) for name in ("source", "category", "since", "until")}
    if given["source"] and given["source"] not in desk.sources:
        raise parameters.BadParameter("source")
    if given["category"] and given["category"] not in CATEGORIES:
        raise parameters.BadParameter("category")
    parameters.span(request)
    return given


async def look_for(request: Request, query: str, *, page: int, size: int) -> Results:
    """Search, when it is one's turn; what a rule covers is left out.

    Raises QueryTooCostly, TooMany, TooBusy.
    """
    desk = Desk.of(request)
    given = chosen(request, desk)
    since, until = parameters.span(request)
    rules = await desk.rules.now()
    await desk.limits.count(request, "searches")
    async with desk.limits.searching():
        found = await desk.search.find(
            query, source=given["source"] or None, category=given["category"] or None, since=since, until=until,
            page=page, size=size,
        )  # fmt: skip
    found.hits = [hit for hit in found.hits if not rules.covering_article(hit.article)]
    return found
