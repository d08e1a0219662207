"""newsnap's own scrapy commands, one file each."""

import sys


def complain(error: Exception) -> int:
    """Say in one line what is wrong; return the exit code."""
    print(f"newsnap: {error}", file=sys.stderr)
    return 1
