"""The README keeps its word: fields, settings, commands and the two commands are what the code has."""

import re
from pathlib import Path

import pytest
from conftest import ROOT

from newsnap import settings
from newsnap.items import Article, stored_fields
from newsnap.store.schema import COLLECTIONS, FIELDS

README = (ROOT / "README.md").read_text(encoding="utf-8")


def table(heading: str) -> set[str]:
    """Return the names in the first column of the table under a heading."""
    section = README.partition(f"{heading}\n")[2]
    rows = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert rows, f"README.md has no table under {heading!r}"
    cells = [row.split("|")[1] for row in rows[0].splitlines()[2:]]
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_the_table_of_fields_is_the_schema() -> None:
    assert table("### Fields of an article") == set(FIELDS)


def test_the_schema_holds_every_stored_field_of_an_article() -> None:
    assert {"_id" if name == "id" else name for name in stored_fields()} <= set(FIELDS)


def test_every_field_of_an_article_says_what_it_means() -> None:
    source = Path(__import__("newsnap.items", fromlist=["items"]).__file__).read_text(encoding="utf-8")
    body = source.partition("class Article:")[2]
    for name in Article.__dataclass_fields__:
        assert re.search(rf'^    {name}: .*\n    """', body, re.MULTILINE), f"Article.{name} has no docstring"


def test_the_table_of_settings_is_the_settings() -> None:
    ours = {name for name in dir(settings) if name.startswith(("NEWSNAP_", "MONGO_"))}
    assert table("## Settings") == ours


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "newsnap/commands").glob("[a-z]*.py")))
def test_every_command_is_in_the_readme(name: str) -> None:
    assert any(command.split()[1] == name for command in table("## Commands")), f"scrapy {name}"


def test_every_collection_is_in_the_readme() -> None:
    for name in COLLECTIONS:
        assert f"`{name}`" in README, name


def test_ci_runs_the_test_command() -> None:
    command = re.search(r"<!-- tests -->\n```sh\n(.*)\n```", README)
    assert command
    assert command[1].endswith("pytest")
    assert "README.md" in (ROOT / ".ci/run").read_text(encoding="utf-8")
