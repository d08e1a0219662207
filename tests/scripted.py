"""A site on loopback whose articles only scripts write, pages among them that misbehave, and the sources that read it.

SPIDER_MODULES=newsnap.spiders,scripted scrapy crawl scripted -a urls=…
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from newsnap.news_spider import Layout, NewsSpider

LAYOUT = Layout(name="page", body="#text p", title="h1", published="#time")
THINGS = ["桥", "渠", "亭", "站", "港", "园", "塔", "馆", "路", "坝"]


class ScriptedSpider(NewsSpider):
    """Reads articles that only scripts write, and says so."""

    name = "scripted"
    site = "脚本日报"
    allowed_domains = ["127.0.0.1"]
    article_url = r"127\.0\.0\.1:\d+/scripted/(?P<id>\w+)\.html"
    scheme = "http"
    layouts = [LAYOUT]
    rendered = True
    custom_settings = {"DOWNLOAD_DELAY": 0}


class TurnedSpider(ScriptedSpider):
    """Reads the same pages, and does not know that they need a browser."""

    name = "turned"
    article_url = r"127\.0\.0\.1:\d+/turned/(?P<id>\w+)\.html"
    rendered = False


class PrintedSpider(TurnedSpider):
    """Reads pages that need no script; tells in the end whether anything of a browser was there."""

    name = "printed"
    article_url = r"127\.0\.0\.1:\d+/printed/(?P<id>\w+)\.html"

    def closed(self, reason: str) -> None:
        import sys

        self.logger.info("playwright imported: %s", any(name.startswith("playwright") for name in sys.modules))


def article(id: str) -> dict[str, object]:
    """Return an article of our own making; each identity has its own text."""
    number = sum(ord(each) * (at + 7) for at, each in enumerate(id))
    thing = THINGS[number % len(THINGS)]
    return {
        "title": f"青石镇第{id}号{thing}昨天完工",
        "time": f"2026-10-03 {number % 12 + 6:02}:{number % 60:02}:00",
        "text": [
            f"青石镇的第{id}号{thing}昨天完工，工期{number % 300 + 40}天，参加的工匠有{number % 90 + 12}人。",
            f"{thing}边种了{number % 700 + 100}棵桂花树，镇上的老人说，再过{number % 9 + 2}年就能闻到香味。",
            f"下一段从{number % 12 + 1}月开始，先修{number % 40 + 3}米，图纸贴在镇口，谁有意见可以写在纸上投进木箱里。",
            f"木匠铺的掌柜说，剩下的{number % 60 + 5}块木板会做成长凳，摆在路边给走远路的人歇脚。",
        ],
    }


def markup(id: str) -> str:
    made = article(id)
    text = "".join(f"<p>{each}</p>" for each in made["text"])  # type: ignore[attr-defined]
    return f"<h1>{made['title']}</h1><div id=time>{made['time']}</div><div id=text>{text}</div>"


WRITE = """
const id = location.pathname.match(/(\\w+)\\.html/)[1];
async function write(extra = "") {
  const made = await (await fetch("/api/article?id=" + id)).json();
  document.getElementById("app").innerHTML = `<h1>${made.title}</h1><div id=time>${made.time}</div><div id=text>`
    + made.text.map(each => `<p>${each}</p>`).join("") + `</div><img src="/figure.png">` + extra;
}
"""
BEHAVIOURS = {
    "": "write();",
    "late": "setTimeout(write, 1500);",
    "hung": "write().then(() => { while (true) {} });",
    "hog": "const kept = []; for (;;) kept.push(new Uint8Array(1 << 26).fill(7));",
    "reload": "location.reload();",
    "chase": "location.href = location.pathname.replace(/(\\d*)\\.html/, (_, n) => `${+n + 1}.html`);",
    "huge": "write('<b>' + '大'.repeat(40e6) + '</b>');",
    "growing": "write().then(() => setInterval(() => document.getElementById('text').append('又'), 20));",
    "popups": "write(); for (let n = 0; n < 20; n++) window.open('/scripted/1.html'); alert(1); confirm(2); print();",
    "waiting": "write(); fetch('/endless');",
    "chatty": "write().then(() => { for (let n = 0; n < 150; n++) fetch('/api/idle?n=' + n); });",
    "download": "write(); const a = document.createElement('a'); a.href = '/file.zip'; a.download = 'x'; a.click();",
    "moved": "location.href = '/scripted/target.html';",
    "blank": "",
    "spying": """
      const there = "THERE";
      const add = (tag, name, value) => {
        const made = document.createElement(tag);
        made[name] = value;
        document.body.append(made);
        return made;
      };
      const away = path => "/away?to=" + encodeURIComponent(`http://${there}/${path}`);
      const call = servers => {
        const made = new RTCPeerConnection({iceServers: servers});
        made.createDataChannel("x");
        made.createOffer().then(offer => made.setLocalDescription(offer));
      };
      const tries = [
        () => fetch(`http://${there}/fetch`, {mode: "no-cors"}),
        () => fetch(away("redirected")),
        () => fetch("/taken-down"),
        () => fetch("/away?to=/taken-down"),
        () => add("script", "src", `http://${there}/script`),
        () => add("iframe", "src", `http://${there}/frame`),
        () => add("iframe", "src", away("frame-redirected")),
        () => add("iframe", "src", "/forbidden/frame.html"),
        () => add("img", "src", `http://${there}/image`),
        () => Object.assign(add("link", "rel", "prefetch"), {href: `http://${there}/prefetched`}),
        () => Object.assign(add("link", "rel", "preconnect"), {href: `http://${there}`}),
        () => document.head.insertAdjacentHTML("beforeend", `<style>@import "http://${there}/style";</style>`),
        () => new WebSocket(`ws://${there}/socket`),
        () => new EventSource(`http://${there}/events`),
        () => navigator.sendBeacon(`http://${there}/beacon`),
        () => call([{urls: `stun:${there}`}]),
        () => call([{urls: `turn:${there}?transport=tcp`, username: "u", credential: "c"}]),
        () => add("iframe", "srcdoc", `<script>(${call})([{urls: "stun:${there}"}])<\\/script>`),
        () => new Worker(URL.createObjectURL(new Blob([`fetch("http://${there}/worker", {mode: "no-cors"});
          new WebSocket("ws://${there}/of-worker")`]))),
        () => new SharedWorker(URL.createObjectURL(new Blob([`fetch("http://${there}/shared", {mode: "no-cors"})`]))),
        () => navigator.serviceWorker.register("/worker.js"),
        () => new WebTransport(`https://${there}/transport`),
        () => Object.assign(add("form", "target", "_blank"), {action: `http://${there}/form`, method: "post"}).submit(),
        () => window.open(`http://${there}/window`),
      ];
      for (const each of tries) { try { const made = each(); if (made && made.catch) made.catch(() => {}); } catch {} }
      write();
    """,
}
"""What the script of `/scripted/<behaviour><number>.html` does."""

SHELL = """<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>脚本日报</title>
<link rel="stylesheet" href="/style.css"><script src="/common.js"></script>
<script src="https://hm.baidu.com/hm.js?newsnap"></script></head>
<body><div id="app"></div><noscript>本站需要启用JavaScript</noscript><iframe src="http://advertising.example/"></iframe>
<script>{script}</script></body></html>"""
ROBOTS = "User-agent: *\nDisallow: /forbidden/\n"


class Site(ThreadingHTTPServer):
    """The site; `asked` has the path and query of every request, in order."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self.there = ""
        """Host and port that `spying` pages try to reach."""

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{path.lstrip('/')}"

    def count(self, path: str) -> int:
        """Return how often a path was asked for, whatever its query."""
        return sum(each.partition("?")[0] == path for each in self.asked)

    def handle_error(self, request: object, client_address: object) -> None:
        """Pass over connections that break off."""


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Site

    def log_message(self, *arguments: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.agents.add(self.headers.get("User-Agent", ""))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        section, _, page = parts.path.lstrip("/").partition("/")
        id = page.removesuffix(".html")
        if parts.path == "/endless":
            self.send(200, "text/plain", b"", length=1 << 20)
            time.sleep(30)
        elif parts.path == "/away":
            self.send(302, "text/plain", b"", Location=query["to"])
        elif parts.path == "/robots.txt":
            self.send(200, "text/plain", ROBOTS.encode())
        elif parts.path == "/common.js":
            self.send(200, "text/javascript", WRITE.encode())
        elif parts.path == "/api/article":
            self.send(200, "application/json", json.dumps(article(query["id"])).encode())
        elif section in ("scripted", "turned") and page.endswith(".html"):
            script = BEHAVIOURS.get(id.rstrip("0123456789"), BEHAVIOURS[""])
            start = script if "insertAdjacentHTML" in script else f"addEventListener('load', () => {{ {script} }});"
            shell = SHELL.replace("{script}", start).replace("THERE", self.server.there)
            self.send(200, "text/html; charset=utf-8", shell.encode(), ETag='"shell"')
        elif section == "printed":
            page = f"<!DOCTYPE html><meta charset=utf-8><title>{id}</title><body>{markup(id)}"
            self.send(200, "text/html; charset=utf-8", page.encode())
        else:
            self.send(404, "text/plain", b"nothing here")

    def send(self, status: int, kind: str, body: bytes, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(length or len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def running_site() -> Iterator[Site]:
    """Run the site in a thread."""
    site = Site()
    thread = threading.Thread(target=site.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.shutdown()
        site.server_close()
        thread.join()
