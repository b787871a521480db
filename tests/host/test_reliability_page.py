"""The page that says what holds when something fails names tests that exist, and the sentences that people read."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from pathlib import Path

import pytest

from bot.errors import SENTENCES, ProviderError

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)(?:\[(\w+)\])?`", PAGE)))
HEADING = "| What is kept | Test |"


@lru_cache
def source(file: str) -> str:
    """The text of a test module."""
    return (ROOT / "tests" / file).read_text(encoding="utf-8")


def rows() -> list[str]:
    """The lines of the tables that name tests."""
    tables = [table for table in PAGE.split("\n\n") if HEADING in table]
    return [row for table in tables for row in table.strip().splitlines()[2:]]


@pytest.mark.parametrize(("file", "function", "case"), NAMED)
def test_named_test_exists(file: str, function: str, case: str) -> None:
    """Each test that the page names is there, and so is the case in brackets."""
    defined = (ast.FunctionDef, ast.AsyncFunctionDef)
    functions = [node.name for node in ast.parse(source(file)).body if isinstance(node, defined)]
    assert function in functions
    assert not case or f'"{case}"' in source(file)


def test_every_row_names_its_test() -> None:
    """No line of the tables is a mere claim."""
    assert rows()
    assert [row for row in rows() if "::" not in row.split(" | ")[-1]] == []


def test_every_sentence_about_a_provider_is_on_the_page() -> None:
    """What people can read in the place of an answer is what the page says."""
    sentences = [*SENTENCES.values(), *(error.own_sentence for error in ProviderError.__subclasses__())]
    assert [sentence for sentence in sentences if sentence not in PAGE] == []
