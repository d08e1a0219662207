"""Invented articles: as many as are wanted, each with prose of its own, on the markup of a saved page of people.

The same number always gives the same article.
"""

import functools
import io
import random
import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from record import DAY
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

TEMPLATE = Path(__file__).parent / "pages" / "people" / "rm_txt-2026.html"
TEXT_OF_TEMPLATE = re.compile(
    r'(.*<h1>([^<]+)</h1>.*<div class="box_pic"></div>\s*)<p>.*<div class="zdfy clearfix"></div>(.*)', re.DOTALL
)
ENCODING = "gb18030"
FIRST_ID = 50_000_000
"""Ids of the site had not come so far when the pages were saved."""
CHANNELS = ("society", "finance", "culture", "health", "politics", "world", "edu", "it")

TOWNS = ("望潮", "松渡", "柳川", "石桥铺", "云岭", "白鹭洲", "临湾", "青禾", "南屏", "雁回")
BODIES = ("水务站", "图书馆", "农技中心", "公交公司", "社区医院", "气象台", "渔业合作社", "博物馆", "中学", "园林所")
NAMES = ("闻喆", "江槐", "陆镕", "裴宁", "骆予", "闵佳", "陶然", "宁溪", "柏舟", "沈砚")
THINGS = ("水泵", "书架", "育秧棚", "站牌", "诊室", "雨量计", "渔网", "展柜", "操场", "行道树")
SENTENCES = (
    "{town}{body}从{month}月起更换{count}套{thing}，工期{days}天。",
    "负责此事的{name}说，旧的{thing}用了{years}年，每到雨天就要停下来修一次。",
    "居民投票时，{share}%的人选了第{choice}种办法，理由是离家近、不绕路。",
    "“我们量了{count}遍才敢下手。”{name}指着刚装好的{thing}说。",
    "这笔钱共{money}万元，其中{share}%来自上一年的结余，其余由{town}{body}自己筹措。",
    "第{choice}次试用选在{month}月的一个傍晚，{count}名志愿者排着队把{thing}搬到了河对岸。",
    "按照计划，{days}天以后再清点一遍，数字会贴在{town}{body}的门口。",
    "{name}把每天看到的情形记在本子上，到现在已经写了{count}页。",
    "有人担心{thing}太重，{name}带着学生称了{choice}次，平均{money}公斤，比旧的轻{share}%。",
    "到了年底，{town}还要在另外{choice}处照样做一遍，先从路最窄的地方开始。",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Invented:
    """An article that nobody wrote."""

    number: int
    url: str
    title: str
    pages: tuple[tuple[str, ...], ...]
    """The paragraphs of each of its pages."""

    @property
    def id(self) -> str:
        """Its identity in newsnap."""
        return f"people:{FIRST_ID + self.number}"

    @property
    def addresses(self) -> list[str]:
        """The addresses of its pages."""
        further = (self.url.replace(".html", f"-{page}.html") for page in range(2, len(self.pages) + 1))
        return [self.url, *further]


def article(number: int, *, pages: int = 1, text_of: int | None = None) -> Invented:
    """Return an article; `text_of` gives it the text of another number, as a copy at its own address."""
    chance = random.Random(number if text_of is None else text_of)
    paragraphs = tuple(tuple(paragraph(chance) for _ in range(chance.randint(7, 12))) for _ in range(pages))
    title = (
        f"{chance.choice(TOWNS)}{chance.choice(BODIES)}换上新{chance.choice(THINGS)} 第{chance.randrange(10**6)}号手记"
    )
    channel = CHANNELS[number % len(CHANNELS)]
    url = f"http://{channel}.people.com.cn/n1/{DAY:%Y/%m%d}/c{1000 + number % 40}-{FIRST_ID + number}.html"
    return Invented(number, url, title, paragraphs)


def paragraph(chance: random.Random) -> str:
    return "".join(
        sentence.format(
            town=chance.choice(TOWNS), body=chance.choice(BODIES), name=chance.choice(NAMES),
            thing=chance.choice(THINGS), month=chance.randint(1, 9), count=chance.randint(12, 9800),
            days=chance.randint(3, 360), years=chance.randint(2, 40), share=chance.randint(11, 89),
            choice=chance.randint(1, 9), money=f"{chance.uniform(1, 900):.1f}",
        )
        for sentence in chance.sample(SENTENCES, chance.randint(2, 4))
    )  # fmt: skip


def page(invented: Invented, number: int = 1, *, size: int = 0) -> bytes:
    """Return a page of an article as its site would send it, filled up with furniture to about `size` bytes."""
    before, title, after = template()
    body = "".join(f"<p>　　{each}</p>" for each in invented.pages[number - 1])
    names = [address.rpartition("/")[2] for address in invented.addresses]
    links = "".join(f'<a href="{name}">【{at}】</a>' for at, name in enumerate(names, 1)) if len(names) > 1 else ""
    text = f'{before}{body}<div class="zdfy clearfix">{links}</div>{after}'
    text = text.replace(title, invented.title)
    if size:
        missing = size - len(text.encode(ENCODING))
        head, menu, related = furniture(invented.number % 16, missing // 4096 * 4096)
        text = text.replace("</head>", f"{head}</head>")
        text = text.replace("<!--内容-->", f"{menu}<!--内容-->").replace("<!--footer-->", f"{related}<!--footer-->")
    return text.encode(ENCODING)


@functools.cache
def template() -> tuple[str, str, str]:
    """Return what stands before the text of the saved page, its headline, and what stands after the text.

    Raises ValueError if the page has changed so that they are not found.
    """
    text = TEMPLATE.read_text(encoding=ENCODING)
    parts = TEXT_OF_TEMPLATE.fullmatch(text)
    if parts is None:
        raise ValueError(f"{TEMPLATE} has no headline, text and page links where they were: correct TEXT_OF_TEMPLATE")
    return parts[1], parts[2], parts[3]


@functools.cache
def furniture(seed: int, size: int) -> tuple[str, str, str]:
    """Return styles and scripts for the head, a menu, and lists of related articles: about `size` bytes in all.

    As on pages of such sites a third is style and script, and the rest is links.
    """
    chance = random.Random(seed)

    def style() -> str:
        return (
            f".{word(chance)}-{chance.randrange(99)} .{word(chance)}{{margin:{chance.randrange(40)}px auto;"
            f"color:#{chance.randrange(16**6):06x};background:url(/img/{word(chance)}.png) no-repeat}}\n"
        )

    def script() -> str:
        name = word(chance)
        return (
            f'\tvar {name} = document.getElementById("{word(chance)}_{chance.randrange(999)}");\n'
            f"\tif ({name} && {name}.length > {chance.randrange(99)}) {{ {word(chance)}({name}); }}\n"
        )

    def menu() -> str:
        return f'<li><a href="http://{word(chance)}.people.com.cn/" target="_blank">{chance.choice(TOWNS)}</a></li>\n'

    def related() -> str:
        line = paragraph(chance)[:24]
        return (
            f'<li><em>{chance.randint(1, 9)}</em><a href="http://{chance.choice(CHANNELS)}.people.com.cn/n1/2026/09'
            f'{chance.randint(10, 30)}/c{chance.randint(1000, 9999)}-{chance.randrange(10**8)}.html" target="_blank" '
            f'title="{line}"><span>{line}</span></a><img src="/NMediaFile/{chance.randrange(10**12)}.jpg"/></li>\n'
        )

    sixth = size // 6
    return (
        f'<style type="text/css">{grow(sixth, style)}</style><script>{grow(sixth, script)}</script>',
        f'<div class="rm_menu"><ul>{grow(sixth, menu)}</ul></div>',
        f'<div class="rm_ranking"><ul>{grow(3 * sixth, related)}</ul></div>',
    )


def grow(size: int, piece: Callable[[], str]) -> str:
    """Return pieces of about `size` bytes in all."""
    grown: list[str] = []
    while size > 0:
        grown.append(piece())
        size -= len(grown[-1].encode(ENCODING))
    return "".join(grown)


def word(chance: random.Random) -> str:
    return "".join(chance.choices("abcdefghiklmnoprstuvw", k=chance.randint(4, 9)))


def write_warc(out: Path, articles: Iterable[Invented]) -> None:
    """Write a recording of the site: a sitemap that lists the articles, and their pages."""
    everything = list(articles)
    index = "http://www.people.cn/sitemap_index.xml"
    news = "http://www.people.cn/sitemap/cn/all/news_sitemap.xml"
    day = f"<lastmod>{DAY:%Y-%m-%d}</lastmod>"
    listed = "".join(f"<url><loc>{each.url}</loc>{day}</url>" for each in everything)
    with out.open("wb") as stream:
        writer = WARCWriter(stream, gzip=out.suffix == ".gz")
        add(writer, index, sitemap("sitemapindex", f"<sitemap><loc>{news}</loc>{day}</sitemap>"), "text/xml")
        add(writer, news, sitemap("urlset", listed), "text/xml")
        for each in everything:
            for number, address in enumerate(each.addresses, 1):
                add(writer, address, page(each, number), "text/html")


def sitemap(root: str, entries: str) -> bytes:
    namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{namespace}">{entries}</{root}>'.encode()


def add(writer: WARCWriter, address: str, body: bytes, content_type: str) -> None:
    headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
    record = writer.create_warc_record(
        address,
        "response",
        payload=io.BytesIO(body),
        length=len(body),
        warc_headers_dict={
            "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, address)}>",
            "WARC-Date": f"{DAY:%Y-%m-%dT%H:%M:%SZ}",
        },
        http_headers=StatusAndHeaders("200 OK", headers, protocol="HTTP/1.1"),
    )
    writer.write_record(record)
