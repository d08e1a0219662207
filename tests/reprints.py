"""Reprints and twins: what other sites make of an article, and articles that only read like it."""

import random
from collections.abc import Iterator, Sequence

import invented

Text = tuple[str, str]
"""Headline and body, a paragraph a line."""

ELSEWHERE = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能"
NARROW = str.maketrans("，：；？！（）“”", ',:;?!()""')


def text_of(number: int) -> Text:
    """Return an invented article."""
    article = invented.article(number)
    return article.title, "\n".join(article.pages[0])


def flash(number: int) -> Text:
    """Return an invented article of two sentences."""
    chance = random.Random(number)
    return f"快讯{number}", "".join(invented.sentence(chance) for _ in range(2))


def reprints(text: Text, seed: int) -> Iterator[tuple[str, Text]]:
    """Yield what others make of an article, each with its name."""
    chance = random.Random(seed)
    title, body = text
    paragraphs = body.split("\n")
    yield "attributed", (title, f"本文转自：人民网-北京频道\n{body}")
    yield "another headline", (f"转发｜{title[:8]}", body)
    yield "editor's line", (title, f"{body}\n（责任编辑：裴镕、宁喆）")
    for count in (1, 2):
        if len(paragraphs) > count + 2:
            cut = set(chance.sample(range(len(paragraphs)), count))
            kept = [each for at, each in enumerate(paragraphs) if at not in cut]
            yield f"{count} paragraphs cut", (title, "\n".join(kept))
    yield "narrow punctuation", (title, body.translate(NARROW))
    for percent in (2, 3, 5):
        yield f"{percent} % edited", (title, edited(body, percent / 100, chance))
    yield "cut to 70 %", (title, body[: len(body) * 7 // 10])
    yield "the last 70 %", (title, body[len(body) * 3 // 10 :])
    yield "cut to 70 %, 2 % edited", (title, edited(body[: len(body) * 7 // 10], 0.02, chance))
    yield "cut to half", (title, body[: len(body) // 2])


def edited(body: str, share: float, chance: random.Random) -> str:
    """Return a text with a share of its characters exchanged, left out or added to."""
    out = []
    for each in body:
        if each == "\n" or chance.random() >= share:
            out.append(each)
        elif (how := chance.random()) < 0.6:
            out.append(chance.choice(ELSEWHERE))
        elif how < 0.8:
            out += [each, chance.choice(ELSEWHERE)]
    return "".join(out)


def with_another_number(body: str, chance: random.Random) -> str | None:
    """Return a text with one of its numbers changed; None if it has none."""
    digits = [at for at, each in enumerate(body) if each in "123456789"]
    if not digits:
        return None
    at = chance.choice(digits)
    return body[:at] + str(int(body[at]) % 9 + 1) + body[at + 1 :]


def same_topic(articles: Sequence[Text]) -> Iterator[tuple[Text, Text]]:
    """Yield pairs of articles that quote one statement at length, as reports of one event do.

    The statement is taken from a third article and put into the midst of two others: a quarter to a half of each.
    """
    for (title, one), (other_title, other), (_, third) in zip(articles, articles[1:], articles[2:], strict=False):
        size = min(len(one), len(other))
        for share in (3, 2, 1):
            quoted = f"\n{third[: size // share]}\n"
            yield (title, quoted.join(halves(one))), (other_title, quoted.join(halves(other)))


def halves(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], text[len(text) // 2 :]


def twins(count: int, seed: int) -> Iterator[tuple[Text, Text]]:
    """Yield pairs of texts that were written from one template: the same words, other numbers and names."""
    chance = random.Random(seed)
    for number in range(count):
        template = TEMPLATES[number % len(TEMPLATES)]
        yield template(chance), template(chance)


SURNAMES = "裴宁骆闵陶江陆秦祝严苏方温阮池顾沈柏乔"
GIVEN = "喆槐镕予佳然溪舟砚芒原拾青禾安木冬合糖远"


def town(chance: random.Random) -> str:
    return invented.one_of(chance, "town")


def name(chance: random.Random) -> str:
    return chance.choice(SURNAMES) + "".join(chance.sample(GIVEN, chance.choice((1, 2, 2))))


def weather(chance: random.Random) -> Text:
    where, n = town(chance), chance.randint
    return f"{where}天气", (
        f"{where}气象台{n(1, 12)}月{n(1, 28)}日发布：今天白天到夜间{chance.choice(('晴', '多云', '小雨'))}，"
        f"最高气温{n(5, 35)}℃，最低气温{n(-5, 20)}℃，{chance.choice('东南西北')}风{n(2, 5)}级，降水概率{n(10, 90)}%。"
        f"请市民出行注意{chance.choice(('防暑', '添衣', '带伞', '防风'))}。"
    )


def market(chance: random.Random) -> Text:
    n, up = chance.randint, ("涨", "跌")
    return "收盘", (
        f"{n(1, 12)}月{n(1, 28)}日，望潮指数收{chance.choice(up)}{n(0, 2)}.{n(10, 99)}%，报{n(2900, 3500)}点；"
        f"云岭成指{chance.choice(up)}{n(0, 2)}.{n(10, 99)}%，报{n(9000, 12000)}点。"
        f"两市成交{n(7000, 15000)}亿元，超过{n(1000, 4000)}只个股上涨。"
    )


def rate(chance: random.Random) -> Text:
    n = chance.randint
    return "汇率", (
        f"来自外汇交易中心的数据显示，{n(1, 31)}日人民币对美元汇率中间价报{n(6, 7)}.{n(1000, 9999)}，较前一交易日"
        f"{chance.choice(('上调', '下调'))}{n(1, 300)}个基点。"
        f"交易中心受权公布，当日银行间外汇市场人民币汇率中间价为1美元对人民币{n(6, 7)}.{n(1000, 9999)}元，"
        f"1欧元对人民币{n(7, 8)}.{n(1000, 9999)}元。"
    )


def appointment(chance: random.Random) -> Text:
    where, new, old = town(chance), name(chance), name(chance)
    return "任免", (
        f"日前，经研究决定：{new}同志任{where}渔业合作社理事、常务理事、理事长，{old}同志不再担任{where}渔业合作社理事长、常务理事、"
        f"理事职务，另有任用。{new}同志在干部会上表示，坚决拥护决定，一定不辜负信任和期望。会议由{name(chance)}主持，{old}同志作了讲话。"
    )


def water(chance: random.Random) -> Text:
    n = chance.randint
    return "停水通知", (
        f"记者从{town(chance)}水务站获悉，因管网改造施工，定于{n(1, 12)}月{n(1, 28)}日"
        f"{n(0, 11)}时至{n(12, 23)}时对{town(chance)}路、{town(chance)}街沿线停水，"
        f"影响{town(chance)}小区、{town(chance)}花园等{n(3, 30)}个小区，请用户提前储水。"
        f"咨询电话：{n(1000000, 9999999)}。"
    )


def meeting(chance: random.Random) -> Text:
    where, who, n = town(chance), name(chance), chance.randint
    return f"{where}召开工作会议", (
        f"{n(1, 12)}月{n(1, 28)}日，{where}召开工作会议，{who}出席并讲话，{name(chance)}主持。"
        "会议强调，要把思想和行动统一到部署上来，坚持稳字当头，压实各级责任，强化统筹协调，细化工作举措，确保各项任务落到实处、取得实效。与会代表围绕报告展开热烈讨论，"
        "一致认为报告内容丰富、措施有力，是指导今后一个时期工作的重要文件。大家纷纷表示，要以更加饱满的热情、更加务实的作风投入到"
        f"工作中去，为实现全年目标任务作出新的更大贡献。{name(chance)}、{name(chance)}、{name(chance)}参加会议。"
    )


TEMPLATES = (weather, market, rate, appointment, water, meeting)
