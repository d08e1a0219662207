"""Every switch: Scrapy's manners, Scrapy's machinery, then ours, each of which is an environment variable too."""

import os
from pathlib import Path

from scrapy.utils.conf import closest_scrapy_cfg

from newsnap import __version__

BOT_NAME = "newsnap"
SPIDER_MODULES = ["newsnap.spiders"]
NEWSPIDER_MODULE = "newsnap.spiders"
COMMANDS_MODULE = "newsnap.commands"
PROJECT_HOME = Path(closest_scrapy_cfg() or "scrapy.cfg").absolute().parent  # in a Scrapyd egg: the working directory

# --- Scrapy: manners -------------------------------------------------------------------------------------------------
ROBOTSTXT_OBEY = True  # default False; a publisher's word is obeyed, without exception
ROBOTSTXT_USER_AGENT = "newsnap"  # default: the whole USER_AGENT, which no robots.txt names
USER_AGENT = os.environ.get(  # default names Scrapy; a site must be able to find out who reads it
    "USER_AGENT", f"newsnap/{__version__} (+https://newsnap.example/about; news snapshots; honours robots.txt)"
)
DEFAULT_REQUEST_HEADERS = {  # default prefers English
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5",
}
DOWNLOAD_DELAY = 1  # default 0; one request a second to a host, more where the source or its robots.txt says so
CONCURRENT_REQUESTS_PER_DOMAIN = 1  # default 8; one at a time to a host
RETRY_TIMES = 3  # default 2; these sites answer 502 now and then
COOKIES_ENABLED = False  # default True; no sessions wanted
REFERRER_POLICY = "no-referrer"  # default tells the page before; what was read before is nobody's business
HTTPPROXY_ENABLED = False  # default True; behind a proxy the guard could not see where a connection goes
METAREFRESH_ENABLED = False  # default True; "page moved" pages are read as what they are
REDIRECT_MAX_TIMES = 5  # default 20

# --- Scrapy: machinery -----------------------------------------------------------------------------------------------
DOWNLOAD_HANDLERS = {  # default reads files and connects anywhere; addresses come from other people's pages
    "http": "newsnap.guard.GuardedDownloadHandler",
    "https": "newsnap.guard.GuardedDownloadHandler",
    "file": None,
    "data": None,
    "ftp": None,
    "s3": None,
}
SCHEDULER_PRIORITY_QUEUE = "newsnap.manners.HostQueue"  # default fills the downloader with requests of a slow host
DOWNLOAD_VERIFY_CERTIFICATES = True  # default False; a snapshot has to be of the real site
DOWNLOAD_MAXSIZE = 16 * 1024 * 1024  # default 1 GiB; bytes, also after decompression
DOWNLOAD_WARNSIZE = 8 * 1024 * 1024  # default 32 MiB; bytes
DOWNLOAD_TIMEOUT = 30  # default 180; seconds
DNS_TIMEOUT = 20  # default 60; seconds
TELNETCONSOLE_ENABLED = False  # default True; a crawl opens no door
REMOTE_CONTROL_ENABLED = False  # default True; the same
CLOSESPIDER_ERRORCOUNT = 25  # default 0 = never; a source whose pages all fail stops early and says so
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 16 * 1024 * 1024  # default 5 MB; bytes of pages waiting for MongoDB at once
CONCURRENT_ITEMS = 1  # default 100, each a task that is started for each page; a page is one article
CONCURRENT_REQUESTS = 32  # default 16; it is the one a host that counts
URLLENGTH_LIMIT = 2048  # default 2083
FEED_EXPORT_ENCODING = "utf-8"  # default escapes everything but ASCII
STATS_DUMP = False  # default True; the summary says it in words and `crawls` keeps the numbers
LOG_VERSIONS: list[str] = []  # default lists ten libraries at every start
LOGSTATS_INTERVAL = 0  # default 60; our progress line says more
LOG_LEVEL = os.environ.get("LOG_LEVEL", "INFO")  # default DEBUG prints every item

DOWNLOADER_MIDDLEWARES = {
    "newsnap.takedowns.TakedownsMiddleware": 50,  # before robots.txt: what is taken down causes no request at all
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # replaced by the next
    "newsnap.robots.RobotsMiddleware": 100,
    "newsnap.rendered.RenderedMiddleware": 550,
    "newsnap.manners.MannersMiddleware": 600,  # after retries and redirects have chosen the host
}
EXTENSIONS = {
    "newsnap.guard.Guard": 0,  # before anything connects
    "scrapy.extensions.telnet.TelnetConsole": None,  # off, as said above: not even read
    "scrapy.extensions.remote_control.RemoteControl": None,  # the same; with aiohttp, 0.1 s of each start
    "scrapy.extensions.logstats.LogStats": None,  # replaced by the next
    "newsnap.progress.Progress": 100,
    "newsnap.coverage.Coverage": 150,
    "newsnap.runs.RunLog": 200,
}
ITEM_PIPELINES = {
    "newsnap.pipelines.dedupe.DedupePipeline": 100,
    "newsnap.pipelines.dates.DatesPipeline": 200,
    "newsnap.pipelines.takedowns.TakedownsPipeline": 300,  # the gate: nothing may change the address after it
    "newsnap.pipelines.mongo.MongoPipeline": 900,
}

# --- newsnap ---------------------------------------------------------------------------------------------------------
MONGO_URI = os.environ.get("MONGO_URI", "")  # empty: the embedded server; read by store.connection
MONGO_DATABASE = os.environ.get("MONGO_DATABASE", "newsnap")  # read by store.connection
NEWSNAP_HOME = os.environ.get("NEWSNAP_HOME", str(PROJECT_HOME / ".newsnap"))  # all that newsnap keeps on disk
NEWSNAP_MONGO_PORT = os.environ.get("NEWSNAP_MONGO_PORT", "")
"""A port of 127.0.0.1 that the embedded server opens too; empty: only a socket; read by store.server."""
NEWSNAP_REPLAY = os.environ.get("NEWSNAP_REPLAY", "")  # a WARC, or "captures"; read by replay

NEWSNAP_CRAWL_DELAY_MAX_SECONDS = float(os.environ.get("NEWSNAP_CRAWL_DELAY_MAX_SECONDS", "120"))
"""A longer Crawl-delay of a robots.txt is cut to this, 0 ignores all; read by manners."""
NEWSNAP_RETRY_AFTER_MAX_SECONDS = float(os.environ.get("NEWSNAP_RETRY_AFTER_MAX_SECONDS", "300"))
"""A longer Retry-After is cut to this, 0 ignores all; read by manners."""
NEWSNAP_GUARD_ALLOWED_NETWORKS = os.environ.get("NEWSNAP_GUARD_ALLOWED_NETWORKS", "")
"""Networks to connect to although they are not public, e.g. 127.0.0.0/8,::1/128, for tests; read by guard."""
NEWSNAP_EXTRACT_GENERIC = os.environ.get("NEWSNAP_EXTRACT_GENERIC", "") not in ("", "0")
"""Layouts are ignored and every page is read by generic extraction, to measure it; read by news_spider."""
NEWSNAP_BROWSER_PATH = os.environ.get("NEWSNAP_BROWSER_PATH", "")
"""The browser to render with; empty: Playwright's own, else the system's Chromium or Chrome; read by rendered."""
NEWSNAP_BROWSER_SANDBOX = os.environ.get("NEWSNAP_BROWSER_SANDBOX", "1") not in ("", "0")
"""The browser confines its pages, but never as root; 0 where the system allows no sandbox, as in containers; read by
rendered."""
NEWSNAP_RENDERED_ESCALATION = os.environ.get("NEWSNAP_RENDERED_ESCALATION", "1") not in ("", "0")
"""A page without a text that looks as if scripts had yet to write it is rendered; read by rendered."""
NEWSNAP_RENDERED_PAGES = int(os.environ.get("NEWSNAP_RENDERED_PAGES", "2"))
"""Pages in the browser at once; read by rendered."""
NEWSNAP_RENDERED_PAGE_SECONDS = float(os.environ.get("NEWSNAP_RENDERED_PAGE_SECONDS", "30"))
"""A page has to show its text within this; read by rendered."""
NEWSNAP_RENDERED_PAGE_REQUESTS = int(os.environ.get("NEWSNAP_RENDERED_PAGE_REQUESTS", "100"))
"""More requests of a page are refused; read by rendered."""
NEWSNAP_RENDERED_PAGE_BYTES = int(os.environ.get("NEWSNAP_RENDERED_PAGE_BYTES", str(32 * 1024 * 1024)))
"""A page is given no more bytes than this, scripts and all; read by rendered."""
NEWSNAP_RENDERED_PROCESS_BYTES = int(os.environ.get("NEWSNAP_RENDERED_PROCESS_BYTES", str(1024 * 1024 * 1024)))
"""A process of the browser that takes more memory is killed, and its page with it; read by rendered."""
NEWSNAP_RENDERED_BROWSER_PAGES = int(os.environ.get("NEWSNAP_RENDERED_BROWSER_PAGES", "100"))
"""After so many pages the browser is replaced; read by rendered."""
NEWSNAP_CRAWL_MAX_AGE_DAYS = int(os.environ.get("NEWSNAP_CRAWL_MAX_AGE_DAYS", "7"))
"""Entries of sitemaps that are older are not followed (-a since overrules it); read by ways."""
NEWSNAP_LISTING_MAX_AGE_DAYS = int(os.environ.get("NEWSNAP_LISTING_MAX_AGE_DAYS", "3"))
"""A listing whose newest entry is older counts as dead; read by ways."""
NEWSNAP_LISTING_MAX_ENTRIES = int(os.environ.get("NEWSNAP_LISTING_MAX_ENTRIES", "20000"))
"""More entries of one listing are not looked at; read by ways."""
NEWSNAP_ARTICLE_MAX_PAGES = int(os.environ.get("NEWSNAP_ARTICLE_MAX_PAGES", "50"))
"""More pages of one article are an error; read by news_spider."""
NEWSNAP_LADDER_HOURS = os.environ.get("NEWSNAP_LADDER_HOURS", "1,6,24,72,168")
"""Ages at which an article is looked at again, in hours; empty: never; read by ladder."""
NEWSNAP_LADDER_PAUSES_HOURS = os.environ.get("NEWSNAP_LADDER_PAUSES_HOURS", "0.25,1,6,24,72,168")
"""A page that failed is tried again after the first pause, then after the next, then given up; read by ladder."""
NEWSNAP_LADDER_MAX_DUE = int(os.environ.get("NEWSNAP_LADDER_MAX_DUE", "200"))
"""A crawl looks at most at so many addresses that are due and not listed; read by news_spider."""
NEWSNAP_MONGO_BATCH_ARTICLES = int(os.environ.get("NEWSNAP_MONGO_BATCH_ARTICLES", "100"))
"""At most so many articles in one write; read by store.articles."""
NEWSNAP_MONGO_BATCH_SECONDS = float(os.environ.get("NEWSNAP_MONGO_BATCH_SECONDS", "0.05"))
"""An article waits at most so long for others to be written with it; read by store.articles."""
NEWSNAP_MONGO_WAIT_SECONDS = float(os.environ.get("NEWSNAP_MONGO_WAIT_SECONDS", "300"))
"""MongoDB may be away for so long before the crawl gives up; read by store.connection."""
NEWSNAP_TAKEDOWNS_POLL_SECONDS = float(os.environ.get("NEWSNAP_TAKEDOWNS_POLL_SECONDS", "5"))
"""The takedown rules are never older when a crawl or the site asks them; read by takedowns.gate."""
NEWSNAP_NOTICES_DUE_HOURS = float(os.environ.get("NEWSNAP_NOTICES_DUE_HOURS", "24"))
"""A notice, or a counter-notice, is to be decided on within so long; read by store.notices."""
NEWSNAP_WATCH_MIN_SECONDS = float(os.environ.get("NEWSNAP_WATCH_MIN_SECONDS", "300"))
"""A source is watched no closer than this: its listings are written anew every few minutes, and it has other readers;
this and the next three are read by watch."""
NEWSNAP_WATCH_MAX_SECONDS = float(os.environ.get("NEWSNAP_WATCH_MAX_SECONDS", str(6 * 3600)))
"""And no less often than this: what is due to be looked at again waits for a crawl, and a silence is noticed by one."""
NEWSNAP_WATCH_CRAWLS = int(os.environ.get("NEWSNAP_WATCH_CRAWLS", "2"))
"""Sources that are crawled at once; each takes a processor at times, and about 200 MB."""
NEWSNAP_WATCH_CRAWL_SECONDS = float(os.environ.get("NEWSNAP_WATCH_CRAWL_SECONDS", "3600"))
"""A crawl that takes longer is ended in good order, and the next goes on where it was; at one page a second that is
more than a source publishes in a day."""
NEWSNAP_SITE_NAME = os.environ.get("NEWSNAP_SITE_NAME", "新闻快照")
"""What the site is called; this and the next are read by site.options."""
NEWSNAP_SITE_URL = os.environ.get("NEWSNAP_SITE_URL", "")
"""Its public address, e.g. https://news.example; empty: whatever address it is asked at."""
NEWSNAP_SITE_HOSTS = os.environ.get("NEWSNAP_SITE_HOSTS", "127.0.0.1,localhost,[::1]")
"""Hosts that it answers to besides that of its address; * for any."""
NEWSNAP_SITE_LANGUAGE = os.environ.get("NEWSNAP_SITE_LANGUAGE", "zh-CN")
"""The language of its words, BCP 47: a file in site/words."""
NEWSNAP_SITE_EMAIL = os.environ.get("NEWSNAP_SITE_EMAIL", "")
"""An address for right-holders, shown beside the form."""
NEWSNAP_SITE_INDEXED = os.environ.get("NEWSNAP_SITE_INDEXED", "") not in ("", "0")
"""Search engines may index it; publishers' own pages stay canonical."""
NEWSNAP_SITE_IMAGES = os.environ.get("NEWSNAP_SITE_IMAGES", "") not in ("", "0")
"""Images are loaded from the publishers' servers, which see who reads; else a link stands in their place."""
NEWSNAP_SITE_EXTRACTS = os.environ.get("NEWSNAP_SITE_EXTRACTS", "")
"""Sources of which only the beginning of a text is shown, e.g. 163,sina; * for all."""
NEWSNAP_SITE_EXTRACT_CHARACTERS = int(os.environ.get("NEWSNAP_SITE_EXTRACT_CHARACTERS", "300"))
"""How much that is."""
NEWSNAP_SITE_PAGE_ARTICLES = int(os.environ.get("NEWSNAP_SITE_PAGE_ARTICLES", "20"))
"""Articles on a page of a list."""
NEWSNAP_SITE_KEY = os.environ.get("NEWSNAP_SITE_KEY", "")
"""What cookies and forms are signed with, the same for all its processes; empty: made and kept in NEWSNAP_HOME."""
NEWSNAP_SITE_REQUESTS_PER_MINUTE = int(os.environ.get("NEWSNAP_SITE_REQUESTS_PER_MINUTE", "600"))
"""More of one client are answered with 429; so are those of the next two."""
NEWSNAP_SITE_SEARCHES_PER_MINUTE = int(os.environ.get("NEWSNAP_SITE_SEARCHES_PER_MINUTE", "60"))
NEWSNAP_SITE_FORMS_PER_DAY = int(os.environ.get("NEWSNAP_SITE_FORMS_PER_DAY", "10"))
