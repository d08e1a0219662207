"""robots.txt as RFC 9309 reads it: a publisher whose rules cannot be had just now is not crawled just now."""

import logging

from scrapy import Request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.misc import build_from_crawler
from twisted.internet.defer import Deferred

logger = logging.getLogger(__name__)

NOTHING_ALLOWED = b"User-agent: *\nDisallow: /\n"
NO_RULES = b""


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's middleware, but for what it takes as consent: a server's error, and no answer at all.

    Section 2.3.1.4 wants both read as "nothing is allowed"; 2.3.1.3 wants a 4xx read as "there are no rules", whatever
    page comes with it.
    """

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500:
            logger.warning("robots.txt of %s answered HTTP %d: nothing is asked of that host", netloc, response.status)
            response = response.replace(body=NOTHING_ALLOWED)
        elif response.status >= 400:
            response = response.replace(body=NO_RULES)
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        waiting = self._parsers[netloc]
        if isinstance(exc, IgnoreRequest) or not isinstance(waiting, Deferred):
            super()._robots_error(exc, netloc)  # refused by a gate of ours, which the page meets too
            return
        logger.warning("robots.txt of %s cannot be had (%s): nothing is asked of that host", netloc, exc)
        parser = build_from_crawler(self._parserimpl, self.crawler, NOTHING_ALLOWED)
        self._parsers[netloc] = parser
        waiting.callback(parser)
