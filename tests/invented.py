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

VOCABULARY = """
town 望潮 松渡 柳川 石桥铺 云岭 白鹭洲 临湾 青禾 南屏 雁回 竹溪 盐场 下河 沙井 东陂 麦田 枫林 渡口 槐荫 双塔
body 水务站 图书馆 农技中心 公交公司 社区医院 气象台 渔业合作社 博物馆 中学 园林所 邮局 消防队 养老院 剧团 车站
name 闻喆 江槐 陆镕 裴宁 骆予 闵佳 陶然 宁溪 柏舟 沈砚 顾芒 池原 温拾 阮青 秦禾 祝安 乔木 严冬 苏合 方糖
thing 水泵 书架 育秧棚 站牌 诊室 雨量计 渔网 展柜 操场 行道树 路灯 长椅 水渠 邮筒 云梯 轮椅 戏台 月台 花坛 堤坝
thing 井盖 扶手 门槛 屋顶 果园 鱼塘 菜窖 磨坊 索桥 渡船 茶摊 钟楼 灯塔 仓库 温室 车棚 画室 琴房 灶台 石阶
act 更换 修补 清点 搬走 加固 粉刷 丈量 登记 拆下 装好 抬高 疏通 照看 试用 打磨 晾晒 编号 擦洗 挪开 垫平 浇灌
act 拍下 画出 称过 绕过 推迟 提前 留出 补种 借来 归还 拼合 掀开 填满 围住 涂上 捆好 叠起 数清 记下
manner 慢慢 悄悄 连夜 一早 冒雨 顺手 分头 轮流 再次 当天 逐个 仔细 干脆 勉强 果然 偏偏 渐渐 从容 一起 终于 照例
manner 匆匆 反复 小心 索性 先后 临时 特意 多半 仍旧
link ，随后 ，接着 ，又 ，并 ，才 ，于是 ，也 ，还 ；后来 ；这时 ；不过 ；到傍晚 ；第二天 ，等到雨停 ，趁天还亮
link ，为了省时 ，按老办法 ，照图纸 ，听了劝 ，没有多说
"""
"""Words of a kind a line, after the name of the kind."""


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
    draw = functools.partial(one_of, chance)
    paragraphs = tuple(tuple(paragraph(chance) for _ in range(chance.randint(7, 12))) for _ in range(pages))
    title = f"{draw('town')}{draw('body')}换上新{draw('thing')} 第{chance.randrange(10**6)}号手记"
    channel = CHANNELS[number % len(CHANNELS)]
    url = f"http://{channel}.people.com.cn/n1/{DAY:%Y/%m%d}/c{1000 + number % 40}-{FIRST_ID + number}.html"
    return Invented(number, url, title, paragraphs)


@functools.cache
def words(kind: str) -> list[str]:
    """Return the words of a kind."""
    lines = (line.split() for line in VOCABULARY.strip().splitlines())
    return [word for name, *rest in lines if name == kind for word in rest]


def paragraph(chance: random.Random) -> str:
    """Return two to four sentences; so many words are drawn that no two articles read alike."""
    return "".join(sentence(chance) for _ in range(chance.randint(2, 4)))


def sentence(chance: random.Random) -> str:
    draw = functools.partial(one_of, chance)
    who = draw("name") if chance.random() < 0.5 else f"{draw('town')}的{draw('body')}"
    acts = [
        f"{draw('manner')}{draw('act')}{chance.choice(('了', f'{chance.randint(2, 9800)}处', ''))}{draw('thing')}"
        for _ in range(chance.randint(2, 4))
    ]
    text = who + acts[0] + "".join(draw("link") + act for act in acts[1:])
    return f"“{text}。”{draw('name')}说。" if chance.random() < 0.2 else f"{text}。"


def one_of(chance: random.Random, kind: str) -> str:
    return chance.choice(words(kind))


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

    As on pages of such sites a third is style and script, and there are eight or nine elements to a kilobyte.
    """
    chance = random.Random(seed)

    def style() -> str:
        return (
            f".{identifier(chance)}-{chance.randrange(99)} .{identifier(chance)}{{margin:{chance.randrange(40)}px auto;"
            f"color:#{chance.randrange(16**6):06x};background:url(/img/{identifier(chance)}.png) no-repeat}}\n"
        )

    def script() -> str:
        name = identifier(chance)
        return (
            f'\tvar {name} = document.getElementById("{identifier(chance)}_{chance.randrange(999)}");\n'
            f"\tif ({name} && {name}.length > {chance.randrange(99)}) {{ {identifier(chance)}({name}); }}\n"
        )

    def menu() -> str:
        town = one_of(chance, "town")
        return f'<li><a href="http://{identifier(chance)}.people.com.cn/" target="_blank">{town}</a></li>\n'

    def related() -> str:
        line, path = paragraph(chance)[:24], f"n1/2026/09{chance.randint(10, 30)}/c{chance.randint(1000, 9999)}"
        return (
            f'<li data-id="{chance.randrange(10**9)}" class="item rank{chance.randrange(30)}"><a '
            f'title="{line}" href="http://{chance.choice(CHANNELS)}.people.com.cn/{path}-{chance.randrange(10**8)}.html">'
            f'<img data-src="/NMediaFile/2026/{chance.randrange(10**12)}.jpg" width="120" height="80" alt="{line}"/>'
            f"{line}</a></li>\n"
        )

    twelfth = size // 12
    return (
        f'<style type="text/css">{grow(2 * twelfth, style)}</style><script>{grow(2 * twelfth, script)}</script>',
        f'<div class="rm_menu"><ul>{grow(twelfth, menu)}</ul></div>',
        f'<div class="rm_ranking"><ul>{grow(7 * twelfth, related)}</ul></div>',
    )


def grow(size: int, piece: Callable[[], str]) -> str:
    """Return pieces of about `size` bytes in all."""
    grown: list[str] = []
    while size > 0:
        grown.append(piece())
        size -= len(grown[-1].encode(ENCODING))
    return "".join(grown)


def identifier(chance: random.Random) -> str:
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
