"""Categories: the site's own name of a section becomes one of fourteen."""

CATEGORIES = (
    "国内", "国际", "财经", "社会", "科技", "文化", "体育", "娱乐", "军事", "教育", "健康", "法治", "地方", "其他",
)  # fmt: skip

WORDS = {
    "国内": "时政 要闻 国内 中国 政务 政治 党建 高层 领导 人事 反腐",
    "国际": "国际 世界 天下 环球 海外 全球 外交 外媒",
    "财经": "财经 经济 金融 证券 产经 宏观 房产 汽车 股市 股票 基金 商业 产业 能源 消费 理财 公司 地产 银行 保险",
    "社会": "社会 民生 万象 奇闻 公益 生活",
    "科技": "科技 互联网 数码 科普 科学 通信 智能 航天 软件 硬件 手机 技术",
    "文化": "文化 文艺 读书 书画 副刊 国学 艺术 历史 收藏 文博 文旅 旅游",
    "体育": "体育 足球 篮球 奥运 赛事 国足 中超",
    "娱乐": "娱乐 文娱 影视 明星 电影 音乐 综艺",
    "军事": "军事 防务 国防 武器 军情",
    "教育": "教育 留学 校园 高考 大学 考试",
    "健康": "健康 医药 养生 卫生 医疗 中医",
    "法治": "法治 法制 法律 打虎记 司法 政法",
    "地方": "地方 港澳 台湾 大湾区 区域 城市 城建 本地 各地",
}
_BY_WORD = {word: category for category, words in WORDS.items() for word in words.split()}
PROVINCES = [
    "北京",
    "天津",
    "河北",
    "山西",
    "内蒙古",
    "辽宁",
    "吉林",
    "黑龙江",
    "上海",
    "江苏",
    "浙江",
    "安徽",
    "福建",
    "江西",
    "山东",
    "河南",
    "湖北",
    "湖南",
    "广东",
    "广西",
    "海南",
    "重庆",
    "四川",
    "贵州",
    "云南",
    "西藏",
    "陕西",
    "甘肃",
    "青海",
    "宁夏",
    "新疆",
]

PROVINCE_CODES = frozenset(
    """bj tj he hebei sx nmg nm ln jl hlj sh js zj ah fj jx sd ha henan hb hubei hn hunan gd gx hi hq hainan cq sc gz yn
    xz sn sxi shaanxi gs qh nx xj bt hk macau tw gba""".split()  # noqa: SIM905 - a list of so many words is read better so
)
"""What hosts and paths of provinces are called."""


def category_of(label: str | None) -> str | None:
    """Return the category that a Chinese section label means, or None if it means none.

    >>> category_of("国际新闻"), category_of("北京频道"), category_of("观点")
    ('国际', '地方', None)
    """
    if not label:
        return None
    if label in PROVINCE_CODES:
        return "地方"
    hits = [(label.find(word), category) for word, category in _BY_WORD.items() if word in label]
    if hits:
        return min(hits)[1]
    return "地方" if any(province in label for province in PROVINCES) else None
