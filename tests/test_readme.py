"""The README keeps its word: fields, settings, commands and the two commands are what the code has."""

import argparse
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from conftest import ROOT
from scrapy.commands import ScrapyCommand
from scrapy.settings import Settings

from newsnap import settings
from newsnap.commands.takedown import USES
from newsnap.commands.takedown import Command as Takedown
from newsnap.items import Article, stored_fields
from newsnap.store.schema import COLLECTIONS
from newsnap.store.validators import FIELDS, LOG_ENTRY, MARKED_TEXT, NOTICE, RULE, STONE_FIELDS
from newsnap.takedowns import KINDS
from newsnap.takedowns.rules import FIELDS as RULE_FIELDS

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


@pytest.mark.parametrize(
    ("heading", "fields"),
    {
        "### Fields of a stone": STONE_FIELDS,
        "### Fields of a rule": RULE_FIELDS,
        "### Fields of a marked text": MARKED_TEXT["properties"].keys() - {"_id"},
        "### Fields of an entry of the log": LOG_ENTRY["properties"],
        "### Fields of a notice": {"_id", *NOTICE["properties"]},
    }.items(),
)
def test_the_tables_of_takedowns_are_the_schema(heading: str, fields: Iterable[str]) -> None:
    assert table(heading) == set(fields)


def test_the_schema_of_a_rule_has_all_its_fields() -> None:
    assert {"_id", *RULE["properties"]} == set(RULE_FIELDS)


def test_every_kind_use_and_option_of_takedown_is_in_the_readme() -> None:
    assert first_names("kind") == list(KINDS)
    assert set(first_names("`scrapy takedown …`")) == set(USES.values())
    options = []
    for add_options in (ScrapyCommand.add_options, Takedown.add_options):
        parser = argparse.ArgumentParser(conflict_handler="resolve")
        command = Takedown()
        command.settings = Settings()
        add_options(command, parser)
        options.append({each for each in parser._option_string_actions if each.startswith("--")})
    assert {each.partition(" ")[0] for each in first_names("option")} == options[1] - options[0]


def first_names(heading: str) -> list[str]:
    """Return the first name of each row of the table whose first column has a heading."""
    rows = README.partition(f"\n| {heading} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [row.split("`")[1].replace("\\|", "|") for row in rows]


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
