"""docs/PYTHON_MIGRATION.md: every option of the official READMEs has its row there, and what the rows say exists."""

from __future__ import annotations

import inspect
import re
from typing import NamedTuple

import pytest
from cluster import ROOT
from official import VERSIONS, options

import alternator_lb
from alternator_lb import AlternatorLB, Config, _mapping, pool

PAGE = (ROOT / "docs" / "PYTHON_MIGRATION.md").read_text()
CORE = set(re.findall(r"^## `(.+)`$", (ROOT / "docs" / "CONFIGURATION.md").read_text(), flags=re.MULTILINE))


class Line(NamedTuple):
    official: str
    versions: str
    fields: list[str]
    arguments: list[str]
    core: list[str]


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def lines() -> list[Line]:
    section = PAGE.split("### Options")[1].split("\n### ")[0]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in section.splitlines() if row.startswith("| ")]
    rows = [row for row in cells if row[0] != "official option"]
    assert len(rows) > 20
    return [
        Line("".join(named(there)), versions, named(ours.split(":")[0].split(";")[0]), named(lb), named(core))
        for there, versions, ours, lb, core in rows
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_option_of_the_readme_has_its_row(version: str) -> None:
    listed = {line.official for line in lines() if version in line.versions}
    assert listed == options(version)


def test_fields_and_arguments_exist() -> None:
    config = Config(["node"], 8000)
    for line in lines():
        for path in line.fields:
            value: object = config
            for name in path.split("."):
                assert hasattr(value, name), path
                value = getattr(value, name)
        assert set(line.arguments) <= set(inspect.signature(AlternatorLB).parameters), line
        assert all(name in CORE or name == "tls." for name in line.core), line
        assert not line.official or line.official in inspect.signature(Config).parameters


def test_every_option_of_the_core_that_a_configuration_sets_is_told() -> None:
    told = {(field, option) for line in lines() for field in line.fields for option in line.core}
    assert {(row.field, row.option) for row in (*_mapping.ROWS, _mapping.TABLE_KEYS)} <= told


def test_names_on_the_page_exist() -> None:
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE):
        compile(block, "PYTHON_MIGRATION.md", "exec")
    helper = PAGE.split("## From the original helper")[1].split("\n## ")[0]
    methods = {name for name in named(helper) if re.fullmatch(r"[a-z_]+", name)}
    assert len(methods) > 4
    assert {name for name in methods if not hasattr(AlternatorLB, name)} == set()
    hapool = PAGE.split("## From pyhapool")[1]
    classes = {name for name in named(hapool) if re.fullmatch(r"[A-Z]\w+", name)}
    assert len(classes) > 4
    assert {name for name in classes if not hasattr(pool, name)} == set()
    errors = {name for name in named(PAGE) if name.endswith("Error")}
    assert {name for name in errors if not hasattr(alternator_lb, name)} == set()
