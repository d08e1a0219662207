"""Two hundred texts that mean harm to whoever takes them for anything but text."""

import json
from pathlib import Path

MARK = "pwned"
"""What a script sets in a page if it runs: `window.pwned`."""

STRINGS: list[str] = json.loads(Path(__file__).with_suffix(".json").read_text())
"""Markup, addresses, templates, queries, headers, and characters that are nothing to be seen."""
