"""Linked data: what a page says about its article in JSON-LD (https://schema.org/NewsArticle)."""

import json
import re
from collections.abc import Iterator
from typing import Any

from newsnap.page import Page

ARTICLES = re.compile(r"(?:\w*Article|\w*Posting|Report|VideoObject|ScholarlyArticle)")
MAX_DEPTH = 6


def linked_article(page: Page) -> dict[str, Any]:
    """Return the linked data of the page's article; empty where it has none.

    Where several are given, the first that has a headline or a date.
    """
    fallback: dict[str, Any] = {}
    for script in page.root.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower() or not script.text:
            continue
        for thing in things(parsed(script.text)):
            kind = thing.get("@type")
            kinds = kind if isinstance(kind, list) else [kind]
            if any(isinstance(each, str) and ARTICLES.fullmatch(each) for each in kinds):
                return thing
            if not fallback and ("pubDate" in thing or "datePublished" in thing):
                fallback = thing
    return fallback


def parsed(text: str) -> Any:
    """Return the value of a piece of JSON; None where it is none, raw line breaks in strings are forgiven."""
    try:
        return json.loads(text, strict=False)
    except ValueError:
        return None


def things(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the things of linked data, those of lists and graphs too."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for each in value:
            yield from things(each, depth + 1)
    elif isinstance(value, dict):
        yield value
        yield from things(value.get("@graph"), depth + 1)


def text_of(thing: dict[str, Any], *names: str) -> str | None:
    """Return the first of the named properties that is a text."""
    for name in names:
        value = thing.get(name)
        if isinstance(value, str | int) and str(value).strip():
            return str(value).strip()
    return None
