"""The article: what a spider fills, the steps complete, and MongoDB keeps."""

from dataclasses import dataclass, field, fields
from datetime import datetime

from newsnap.dates import Witness
from newsnap.fingerprints import Fingerprint
from newsnap.wording import headline

TRANSIENT = {"stored": False}
"""Metadata of the fields that the steps need and MongoDB does not keep."""


@dataclass(kw_only=True, slots=True)
class Figure:
    """An image of an article."""

    url: str
    """Absolute address of the image; the image itself is not kept."""

    caption: str = ""
    """Its caption as printed, or the empty string."""

    after: int = -1
    """Index of the paragraph of `body` it follows; -1 when it stands before the first."""


@dataclass(kw_only=True, slots=True)
class Capture:
    """A page of an article as it was received."""

    url: str
    """The address that answered, after redirects."""

    status: int
    """HTTP status code."""

    headers: list[tuple[str, str]]
    """Response headers in order, names as sent, values decoded as latin-1."""

    body: bytes = field(repr=False)
    """The bytes received, after content decoding (gzip, br), before character decoding."""

    encoding: str
    """Name of the character encoding the page was read in."""

    fetched: datetime
    """When it was received, aware UTC."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What MongoDB has under an identity."""

    id: str
    title: str | None
    content_hash: str | None
    revision: int
    changed: datetime
    state: str
    """`live`, `held`, `removed`, or `reopened` for a stone whose takedown was lifted."""

    def same_as(self, article: "Article") -> bool:
        """Tell whether an article says nothing new."""
        return self.content_hash == article.content_hash and headline(self.title or "") == headline(article.title)


@dataclass(kw_only=True, slots=True)
class Article:
    """One news article, as its publisher printed it."""

    id: str
    """Identity `"<source>:<key>"`; `_id` in MongoDB.  Set by the spider from the address."""

    source: str
    """Name of the spider."""

    site: str
    """Masthead of the source, e.g. 人民网."""

    url: str
    """Canonical address, absolute."""

    title: str = field(repr=False)
    """Headline as displayed."""

    kicker: str | None = field(default=None, repr=False)
    """肩题, the line above the headline."""

    subtitle: str | None = field(default=None, repr=False)
    """副题, the line below the headline."""

    published: datetime | None = None
    """Moment of publication, aware UTC; set by DatesPipeline, None where no date can be read."""

    published_raw: str | None = None
    """The same as printed; set by DatesPipeline."""

    published_precision: str | None = None
    """`second`, `minute` or `day`; set by DatesPipeline."""

    published_from: str | None = None
    """Which witness gave it: `page`, `meta`, `listing` or `url`; set by DatesPipeline."""

    modified: datetime | None = None
    """When the publisher changed it, aware UTC, if stated; set by DatesPipeline."""

    snapshot: datetime
    """When newsnap fetched it (快照生成时间), aware UTC."""

    category: str | None = None
    """One of 国内 国际 财经 社会 科技 文化 体育 娱乐 军事 教育 健康 法治 地方 其他."""

    channel: str | None = None
    """The site's own name of the section, as displayed or as it stands in the address."""

    outlet: str | None = None
    """来源 as displayed."""

    origin: list[str] = field(default_factory=list)
    """Chain of attribution found in the text (本文转自：…), outermost first."""

    authors: list[str] = field(default_factory=list)
    """作者 and 记者, without the words."""

    editors: list[str] = field(default_factory=list)
    """责任编辑, without the word."""

    body: str = field(repr=False)
    """Plain text, one paragraph a line, unabridged.  Kept out of logs."""

    headings: list[int] = field(default_factory=list)
    """Indexes of the paragraphs of `body` that are subheadings."""

    figures: list[Figure] = field(default_factory=list, repr=False)
    """Images, in order."""

    keywords: list[str] = field(default_factory=list, repr=False)
    """Keywords as stated by the page."""

    language: str = "zh-CN"
    """BCP 47."""

    layout: str = "generic"
    """Name of the layout that read it; `generic` for the fallback."""

    rendered: bool = False
    """Whether a browser was needed."""

    pages: int = 1
    """Number of pages joined."""

    content_hash: str | None = None
    """SHA-256 of the normalised text, in hex; set by DedupePipeline."""

    fingerprint: Fingerprint | None = field(default=None, repr=False, metadata=TRANSIENT)
    """What reprints of the text are known by; set by DedupePipeline, kept in a collection of its own."""

    published_witnesses: list[Witness] = field(default_factory=list, repr=False, metadata=TRANSIENT)
    """Dates as page, meta, listing and address have them, most trusted first; read by DatesPipeline."""

    modified_raw: str | None = field(default=None, repr=False, metadata=TRANSIENT)
    """Time of the last change as printed; read by DatesPipeline."""

    captures: list[Capture] = field(default_factory=list, repr=False, metadata=TRANSIENT)
    """The pages as received, in order; kept in a collection of their own."""

    judged: int = field(default=-1, repr=False, metadata=TRANSIENT)
    """Version of the takedown rules that let it pass; set by TakedownsPipeline."""

    stored: Stored | None = field(default=None, repr=False, metadata=TRANSIENT)
    """What MongoDB has under the identity; set by DedupePipeline."""


def stored_fields() -> list[str]:
    """Return the names of the fields that go into MongoDB, in order; `id` stands for `_id`."""
    return [each.name for each in fields(Article) if each.metadata.get("stored", True)]
