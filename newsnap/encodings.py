"""Characters: the bytes of a Chinese page become text, or are refused; never mojibake.

The order of witnesses is that of the WHATWG Encoding Standard (byte order mark, header, meta), with one change that
Chinese pages need: bytes that are valid UTF-8 are UTF-8, whatever is declared, because GBK text practically never is,
and pages that were moved to UTF-8 often keep the old declaration.  Names are read as that standard reads them: gb2312
and gbk mean GB18030, big5 means Big5-HKSCS.
"""

import codecs
import re

from w3lib.encoding import read_bom, resolve_encoding

META = re.compile(rb"""<meta\b[^>]*?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
HEADER = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
XML = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)""", re.IGNORECASE)
META_BYTES = 4096
"""A charset is looked for in so many bytes; browsers look at 1024, these sites put comments and scripts first."""

FAMILIES = {"gb2312": "gb18030", "gbk": "gb18030", "hz": "gb18030", "big5": "big5hkscs", "cp950": "big5hkscs"}
MAX_REPLACED = 0.005
"""Share of characters that may be unreadable; a page cut in the middle of one has a few."""


class Mojibake(ValueError):
    """Bytes that no encoding turns into readable text."""


def declared(body: bytes, content_type: str = "") -> list[str]:
    """Return the encodings that the response declares, as Python names, header first.

    >>> declared(b'<meta charset="gb2312">', "text/html; charset=utf-8")
    ['utf-8', 'gb18030']
    """
    head = body[:META_BYTES]
    labels = [match[1] for match in [HEADER.search(content_type)] if match]
    labels += [found.decode("ascii", "replace") for found in XML.findall(head)[:1] + META.findall(head)]
    names = []
    for label in labels:
        name = resolve_encoding(label)
        if name and (name := FAMILIES.get(name, name)) not in names:
            names.append(name)
    return names


def decode(body: bytes, content_type: str = "") -> tuple[str, str]:
    """Return the text of a response and the name of its encoding.

    Raises Mojibake if no encoding gives readable text.
    """
    marked, mark = read_bom(body)
    if marked:
        return body[len(mark or b"") :].decode(marked, "replace"), marked
    names = declared(body, content_type)
    candidates = list(dict.fromkeys(["utf-8", *names, "gb18030"]))
    for name in candidates:
        try:
            return body.decode(name), name
        except UnicodeDecodeError:
            continue
    # Every encoding meets a byte it does not know: the one that stumbles least, if it stumbles seldom
    shares = {name: unreadable(body, name) for name in candidates}
    best = min(shares, key=lambda name: shares[name])
    if shares[best] > MAX_REPLACED:
        said = ", ".join(names) or "nothing"
        raise Mojibake(f"no encoding reads it: the page declares {said}, {shares[best]:.1%} is unreadable as {best}")
    return body.decode(best, "replace"), best


def unreadable(body: bytes, encoding: str) -> float:
    """Return the share of characters beyond ASCII that an encoding cannot read, from 0 to 1."""
    text = codecs.decode(body, encoding, "replace")
    beyond = sum(1 for character in text if character > "\x7f")
    return text.count("\ufffd") / beyond if beyond else 0.0
