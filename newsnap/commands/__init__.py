"""newsnap's own scrapy commands, one file each."""

import logging
import sys

from scrapy.utils.log import get_scrapy_root_handler

logger = logging.getLogger(__name__)


def complain(error: Exception) -> int:
    """Say in one line what is wrong, also in the log where that is a file; return the exit code."""
    print(f"newsnap: {error}", file=sys.stderr)
    if isinstance(get_scrapy_root_handler(), logging.FileHandler):  # a Scrapyd job has no other words for its operator
        logger.error("%s", error)
    return 1
