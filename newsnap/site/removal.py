"""Removal: the form for right-holders, and the receipt of what they sent."""

import re
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from newsnap.site import parameters
from newsnap.site.desk import Desk
from newsnap.site.rendering import web_address
from newsnap.takedowns.notices import LIMITS, MAX_ADDRESSES, NoticeError, party_from

FIELDS = ("name", "contact", "address", "work", "addresses", "evidence")
NUMBER = re.compile(r"N[0-9]{8}-[0-9a-f]+")


async def form(request: Request) -> Response:
    """Show the form, with the address that it was called for."""
    url = web_address(parameters.text(request, "url")) or ""
    return show(request, {"addresses": url})


def show(request: Request, given: dict[str, Any], error: NoticeError | None = None) -> Response:
    desk = Desk.of(request)
    token = desk.keys.form_token(request)
    context = {
        "given": {name: given.get(name) or "" for name in FIELDS} | {"truth": bool(given.get("truth"))},
        "wrong": error.field if error else None,
        "missing": error is not None and not given.get(error.field),
        "limits": LIMITS,
        "most_addresses": MAX_ADDRESSES,
        "form": token,
    }
    answer = desk.renderer.page(request, "removal.html", context, kept=False, status=400 if error else 200)
    return desk.keys.with_form(answer, token)


async def send(request: Request) -> Response:
    """Keep a notice, pending until the operator decides, and show its receipt."""
    desk = Desk.of(request)
    fields = await request.form(max_files=0, max_fields=20)
    desk.keys.check_form(request, fields.get("form"))
    given = {name: value for name, value in fields.items() if isinstance(value, str)}
    try:
        party = party_from(given)
        for address in party.addresses:
            if web_address(address) is None:
                raise NoticeError("addresses takes only http and https", "addresses")
    except NoticeError as error:
        return show(request, given, error)
    await desk.limits.count(request, "forms")
    notice = await desk.store.notices.receive(party, by="form")
    return RedirectResponse(f"/removal/{notice.id}", 303)


async def receipt(request: Request) -> Response:
    """Show that a notice arrived and what became of it, and nothing of what it says."""
    desk, number = Desk.of(request), request.path_params["number"]
    if not NUMBER.fullmatch(number):
        raise HTTPException(404)
    try:
        notice = await desk.store.notices.find(number)
    except NoticeError:
        raise HTTPException(404) from None
    context = {
        "number": notice.id,
        "status": notice.status,
        "received": notice.received,
        "due": notice.due,
        "addresses": len(notice.claim.addresses),
        "steps": [(step.at, step.status) for step in notice.history],
    }
    return desk.renderer.page(request, "receipt.html", context, kept=False)
