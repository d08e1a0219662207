"""Receipts: what was removed, where and when, for the right-holder, without what was removed."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from newsnap.takedowns.log import Head
from newsnap.takedowns.rules import Rule

ACTS = {
    "remove": "删除 removed",
    "hold": "隐藏 hidden",
    "refuse": "拒收 refused on arrival",
    "forget": "除去地址 address removed",
    "purge": "清除残留 leftovers deleted",
    "release": "恢复 shown again",
    "reopen": "许可重新收录 may be crawled again",
}
"""What was done to an article, in the words of a receipt."""


def receipt(rules: Sequence[Rule], entries: Iterable[dict[str, Any]], head: Head, at: datetime) -> str:
    """Return a receipt: plain text, in Chinese and English.

    entries: those of the takedown log about the rules.  head: where the log ended when the receipt was written.
    """
    lines = ["下架处理回执 Takedown receipt", f"出具时间 Written: {moment(at)}", ""]
    for rule in rules:
        lines += [
            f"规则 Rule: {rule.id}",
            f"  范围 Covers: {rule.kind} {rule.value}",
            f"  生效 In force since: {moment(rule.since)}",
        ]
        if rule.until:
            lines.append(f"  终止 {'Ended' if rule.ended else 'Ends'}: {moment(rule.until)}")
        if rule.notice:
            lines.append(f"  通知书 Notice: {rule.notice}")
        lines.append(f"  公示理由 Public reason: {rule.reason}")
        lines.append("")
    lines.append("处理记录 What was done:")
    done = [each for each in entries if each["act"] in ACTS]
    for each in done:
        details = each.get("details", {})
        lines.append(f"  #{each['_id']} {moment(each['at'])} {ACTS[each['act']]}: {each.get('article', '')}")
        if "url_digest" in details:
            lines.append(f"     地址 Address (SHA-256): {details['url_digest']}")
        gone = [f"{words} {details[name]}" for name, words in GONE.items() if details.get(name)]
        if gone:
            lines.append(f"     一并删除 Deleted with it: {', '.join(gone)}")
    if not done:
        lines.append("  当时没有收录 nothing of it was stored; it is refused from now on")
    lines += [
        "",
        "核对 How to check: SHA-256 of an address is that of its UTF-8 bytes without https:// or http://.",
        f"日志末端 The log ended with {head}; `scrapy takedown verify --head {head}` proves it unaltered since.",
    ]
    return "\n".join(lines) + "\n"


GONE = {"revisions": "旧版本 earlier versions", "captures": "原始网页 pages as received"}


def moment(at: datetime) -> str:
    """Return a time to the second in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
