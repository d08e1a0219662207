"""Both scripts: patterns are written in simplified characters, and match what is printed in traditional ones too."""

import re

VARIANTS = {
    each[0]: each
    for each in """
    万萬 与與 专專 丢丟 两兩 个個 为為爲 举舉 习習 书書 于於 产產 们們 优優 会會 传傳 体體 储儲 关關 内內 册冊 写寫
    军軍 击擊 划劃 创創 删刪 别別 动動 务務 华華 单單 参參 发發 台臺 号號 后後 启啟啓 员員 周週 国國 图圖 场場 块塊
    坛壇 声聲 处處 备備 复復覆複 头頭 娱娛 实實 审審 对對 导導 布佈 并並併 广廣 应應 开開 归歸 录錄録 态態 户戶 执執
    扫掃 护護 报報 摄攝 数數 无無 时時 机機 杀殺 杂雜 权權 条條 来來 构構 标標 栏欄 楼樓 欢歡 注註 浏瀏 游遊 热熱
    独獨 环環 现現 电電 监監 码碼 积積 称稱 笔筆 签籤簽 类類 纠糾 约約 级級 线線綫 细細 终終 经經 络絡 绝絕 统統
    继繼 续續 维維 综綜 编編 缩縮 网網 腾騰 节節 范範 荐薦 装裝 见見 观觀 规規 视視 览覽 订訂 让讓 讯訊 记記 许許
    论論 访訪 证證証 评評 识識 译譯 诗詩 话話 该該 详詳 说說説 请請 读讀 谢謝 财財 责責 账賬帳 质質 贴貼 资資 赏賞
    赞讚贊 转轉 载載 辑輯 过過 这這 进進 违違 选選 邮郵 采採 钟鐘鍾 链鏈 错錯 键鍵 长長 门門 闭閉 问問 间間 闻聞
    阅閱閲 陆陸 险險 页頁 顶頂 项項 须須 顾顧 频頻 题題 驻駐 验驗 里裡裏 乐樂 团團 档檔 连連 历歷 撰譔 回迴囘 点點
    结結 兴興 志誌 张張 询詢 给給 还還 当當 师師 众眾衆 制製 戏戲 抢搶 术術 筹籌 鱼魚 鹅鵝 车車 价價
    """.split()  # noqa: SIM905 - a list of so many words is read better so
}
"""Characters of labels and notices, each with the other forms it is printed in."""


def both(pattern: str) -> str:
    """Return a pattern that matches traditional characters where it has simplified ones.

    >>> both("来源|[编自]辑")
    '[来來]源|[编編自][辑輯]'
    """
    said, inside = [], False
    for at, character in enumerate(pattern):
        if character in "[]" and pattern[at - 1 : at] != "\\":
            inside = character == "["
        found = VARIANTS.get(character)
        said.append(character if not found else found if inside else f"[{found}]")
    return "".join(said)


def compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Compile a pattern for both scripts."""
    return re.compile(both(pattern), flags)
