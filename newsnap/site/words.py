"""The site's words: one JSON file a language, `words/<BCP 47>.json`; another language is another file."""

import functools
import json
from collections.abc import Mapping
from importlib.resources import files

from newsnap.site.options import OptionError

FIRST = "zh-CN"
"""The language that has every word."""


class Words(Mapping[str, str]):
    """The words of a language by name, with those of the first where it has none."""

    def __init__(self, language: str):
        """Read a language.

        Raises OptionError if there is no file of it.
        """
        self.language = language
        folder = files("newsnap.site") / "words"
        known = sorted(each.name.removesuffix(".json") for each in folder.iterdir() if each.name.endswith(".json"))
        if language not in known:
            raise OptionError(f"NEWSNAP_SITE_LANGUAGE={language} has no words: there are {', '.join(known)}")
        self._words: dict[str, str] = {}
        for name in (FIRST, language):
            self._words |= json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))

    def __getitem__(self, name: str) -> str:
        return self._words[name]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)


@functools.cache
def words_of(language: str) -> Words:
    """Return the words of a language, read once."""
    return Words(language)
