"""The site's options, from the settings."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from scrapy.settings import BaseSettings


class OptionError(ValueError):
    """A setting of the site that cannot be obeyed; the message names it, the value, the rule and the way out."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the site is to be.

    Settings: NEWSNAP_SITE_NAME, NEWSNAP_SITE_URL, NEWSNAP_SITE_HOSTS, NEWSNAP_SITE_LANGUAGE, NEWSNAP_SITE_EMAIL,
    NEWSNAP_SITE_INDEXED, NEWSNAP_SITE_IMAGES, NEWSNAP_SITE_EXTRACTS, NEWSNAP_SITE_EXTRACT_CHARACTERS,
    NEWSNAP_SITE_PAGE_ARTICLES, NEWSNAP_SITE_KEY, NEWSNAP_SITE_REQUESTS_PER_MINUTE,
    NEWSNAP_SITE_SEARCHES_PER_MINUTE, NEWSNAP_SITE_FORMS_PER_DAY.
    """

    name: str
    url: str
    """Its public address without a slash at the end; empty: that of each request."""

    hosts: tuple[str, ...]
    language: str
    email: str
    agent: str
    """What the crawler calls itself."""

    indexed: bool
    images: bool
    extracts: frozenset[str]
    """Sources of which only the beginning of a text is shown; `*` for all."""

    extract_characters: int
    page_articles: int
    key: str
    home: Path
    requests_per_minute: int
    searches_per_minute: int
    forms_per_day: int

    @classmethod
    def of(cls, settings: BaseSettings) -> Self:
        """Read the settings.

        Raises OptionError.
        """
        url = settings["NEWSNAP_SITE_URL"].rstrip("/")
        parts = urlsplit(url)
        if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query):
            raise OptionError(
                f"NEWSNAP_SITE_URL={url} is no address of a site: give https://host without a path, or leave it empty"
            )
        hosts = [each.strip().lower() for each in settings["NEWSNAP_SITE_HOSTS"].split(",") if each.strip()]
        if parts.hostname:
            hosts.append(parts.hostname)
        for host in hosts:
            if not re.fullmatch(r"\*|(?:\*\.)?[a-z0-9._-]+|\[[0-9a-f:.]+\]", host):
                raise OptionError(
                    f"NEWSNAP_SITE_HOSTS holds {host!r}, which is no host: give names as a browser asks for them, "
                    "*.example.com for all below, * for any"
                )
        email = settings["NEWSNAP_SITE_EMAIL"]
        if email and not re.fullmatch(r"[^\s@<>\"?&]+@[^\s@<>\"?&]+", email):
            raise OptionError(f"NEWSNAP_SITE_EMAIL={email} is no e-mail address: give one like name@host, or none")
        numbers = {}
        for name in ("EXTRACT_CHARACTERS", "PAGE_ARTICLES", "REQUESTS_PER_MINUTE", "SEARCHES_PER_MINUTE",
                     "FORMS_PER_DAY"):  # fmt: skip
            numbers[name.lower()] = settings.getint(f"NEWSNAP_SITE_{name}")
            if numbers[name.lower()] < 1:
                raise OptionError(f"NEWSNAP_SITE_{name}={settings[f'NEWSNAP_SITE_{name}']}: give a number from 1 on")
        if numbers["page_articles"] > 100:
            raise OptionError(f"NEWSNAP_SITE_PAGE_ARTICLES={numbers['page_articles']}: a list has at most 100 articles")
        return cls(
            name=settings["NEWSNAP_SITE_NAME"],
            url=url,
            hosts=tuple(dict.fromkeys(hosts)),
            language=settings["NEWSNAP_SITE_LANGUAGE"],
            email=email,
            agent=settings["USER_AGENT"],
            indexed=settings.getbool("NEWSNAP_SITE_INDEXED"),
            images=settings.getbool("NEWSNAP_SITE_IMAGES"),
            extracts=frozenset(each.strip() for each in settings["NEWSNAP_SITE_EXTRACTS"].split(",") if each.strip()),
            key=settings["NEWSNAP_SITE_KEY"],
            home=Path(settings["NEWSNAP_HOME"]),
            **numbers,
        )

    def cut(self, source: str) -> bool:
        """Tell whether only the beginning of a source's texts is shown."""
        return "*" in self.extracts or source in self.extracts
