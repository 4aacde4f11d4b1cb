"""The reference names all that there is: public functions, options, variables, routes."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import pytest

import workbench
from workbench.options.catalog import MAGICS
from workbench.options.option import Command
from workbench.options.verbs import COMMAND_LINE

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
VARIABLE = re.compile(r"\bWORKBENCH_[A-Z]+(?:_[A-Z]+)*\b(?!_)")
CONSTANTS = re.compile(r"^([A-Z_]+)\b.* = ", re.MULTILINE)


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """Return the hook that fills the reference pages."""
    spec = importlib.util.spec_from_file_location("gen_reference", ROOT / "docs" / "gen_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page(name: str) -> str:
    return (REFERENCE / name).read_text()


def test_python_page_names_what_the_package_exports() -> None:
    documented = re.findall(r"^::: workbench\.(\w+)$", page("python.md"), re.MULTILINE)
    assert sorted(documented) == sorted(workbench.__all__)


def test_settings_page_names_the_variables_that_the_code_reads() -> None:
    sources = [path.read_text() for path in (ROOT / "workbench").rglob("*.py")]
    constants = {name for text in sources for name in CONSTANTS.findall(text)}
    read = {name for text in sources for name in VARIABLE.findall(text)} - constants
    assert set(VARIABLE.findall(page("settings.md"))) == read


@pytest.mark.parametrize("name", ["magics.md", "cli.md", "settings.md", "rest.md"])
def test_generated_parts_of_a_page_are_filled(name: str, generator: ModuleType) -> None:
    filled = generator.on_page_markdown(page(name))
    assert "<!--" not in filled
    assert len(filled) > len(page(name)) + 200


@pytest.mark.parametrize(("name", "commands"), [("magics.md", MAGICS.values()), ("cli.md", COMMAND_LINE.verbs)])
def test_page_has_each_command_with_its_options(name: str, commands: Iterable[Command], generator: ModuleType) -> None:
    filled = generator.on_page_markdown(page(name))
    for command in commands:
        for one in (command, *command.verbs):
            missing = [flag for option in one.options if not option.is_word for flag in option.flags]
            assert [flag for flag in missing if f"`{flag}" not in filled] == [], one.name
        assert [verb.name for verb in command.verbs if f"`{verb.name}" not in filled] == []


def test_rest_page_has_each_route(generator: ModuleType) -> None:
    filled = generator.on_page_markdown(page("rest.md"))
    description = json.loads(generator.OPENAPI.read_text())
    for path, verbs in description["paths"].items():
        for verb in verbs:
            assert f"`{verb.upper()} {path}`" in filled
    for link in re.findall(r"\(#(schema-\w+)\)", filled):
        assert f"{{ #{link} }}" in filled
