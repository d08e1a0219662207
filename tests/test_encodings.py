"""Characters: bytes are read as what they are, not as what they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsnap.encodings import Mojibake, decode

TEXT = "滨海市镕喆㳇：一座县城的“议事长凳”——2026年10月3日"


@pytest.mark.parametrize(
    ("body", "content_type", "encoding"),
    [
        (TEXT.encode("gb18030"), "text/html; charset=gb2312", "gb18030"),
        (b'<meta charset="gbk">' + TEXT.encode("gb18030"), "text/html", "gb18030"),
        (TEXT.encode("gb18030"), "text/html", "gb18030"),
        (TEXT.encode(), "text/html", "utf-8"),
        (b'<meta charset="gb2312">' + TEXT.encode(), "text/html; charset=GB2312", "utf-8"),  # moved to UTF-8, not told
        (b"\xef\xbb\xbf" + TEXT.encode(), "text/html; charset=gbk", "utf-8"),
        ("\ufeff".encode("utf-16-le") + TEXT.encode("utf-16-le"), "text/html", "utf-16-le"),
        ("濱海市今日報導".encode("big5"), "text/html; charset=big5", "big5hkscs"),
        (TEXT.encode("gb18030"), "text/html; charset=utf-8", "gb18030"),
        (b"<?xml version='1.0' encoding='gb2312'?>" + TEXT.encode("gb18030"), "text/xml", "gb18030"),
    ],
)
def test_bytes_are_read_as_what_they_are(body: bytes, content_type: str, encoding: str) -> None:
    text, name = decode(body, content_type)
    assert name == encoding
    assert "滨海市" in text or "濱海市" in text


def test_a_page_cut_in_the_middle_of_a_character_is_read() -> None:
    body = (TEXT * 200).encode("gb18030")[:-1]
    text, name = decode(body, "text/html; charset=gbk")
    assert name == "gb18030"
    assert text.count("\ufffd") == 1


def test_bytes_that_no_encoding_reads_are_refused() -> None:
    with pytest.raises(Mojibake, match="declares gb18030"):
        decode(bytes(range(128, 256)) * 50 + b"\xff" * 500, "text/html; charset=gbk")


@given(st.text(max_size=200))
def test_what_is_utf8_stays_as_it_is(text: str) -> None:
    if not text.startswith("\ufeff") and text.encode()[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        assert decode(text.encode(), "text/html; charset=gbk")[0] == text
