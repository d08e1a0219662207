"""Fingerprints: when two texts are the same."""

import hashlib
import re
import unicodedata

NOT_TEXT = re.compile(r"[\W_]+")
SHORT = 40
"""Characters; a text shorter than this is told apart by its headline too, since flashes and captions repeat."""


def normalized(text: str) -> str:
    """Return the letters, characters and digits of a text, widths and case folded: what survives a reprint unchanged.

    >>> normalized("Ａ股　上涨 1.2%。")
    'a股上涨12'
    """
    return NOT_TEXT.sub("", unicodedata.normalize("NFKC", text)).casefold()


def content_hash(title: str, body: str) -> str:
    """Return the SHA-256, in hex, of a text in its normalized form."""
    # punctuation inside numbers tells 1.2 from 12
    text = normalized(re.sub(r"(?<=\d)[.．:：/-](?=\d)", "点", body))
    if len(text) < SHORT:
        text = f"{normalized(title)}\n{text}"
    return hashlib.sha256(text.encode()).hexdigest()
