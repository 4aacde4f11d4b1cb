"""Each option is declared once: what is spelled elsewhere for the sake of readers says the same."""

from __future__ import annotations

import inspect
import json
from dataclasses import fields
from typing import Any, get_type_hints

import pytest

import workbench
from tests.support.imports import ROOT
from workbench.options.catalog import MAGICS, declarations, form_options, magic_parser
from workbench.options.endpoint import CANARY, LIMITS, SERVING
from workbench.options.option import Command, Option, checked
from workbench.options.parser import Help, Parser
from workbench.options.run import RUN, RunKeywords
from workbench.options.serving import PUBLISH
from workbench.options.sweep import OF_TRIALS, PRUNERS, SAMPLERS, STUDY, SWEEP
from workbench.options.verbs import COMMAND_LINE, ENDPOINTS
from workbench.records.endpoints import Canary, Limits, ServingOptions
from workbench.sweeps import study


def signature_of(function: Any) -> dict[str, Any]:
    """The keyword arguments of a function with their defaults."""
    parameters = inspect.signature(function).parameters.values()
    return {one.name: one.default for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY}


def same(default: Any, option: Option) -> bool:
    """Whether a signature's default means an option's: nothing, however it is written."""
    return default == option.default or (default in (None, ()) and option.default in (None, "", ()))


def test_train_has_the_options_of_a_run() -> None:
    arguments = signature_of(workbench.train)
    assert arguments.keys() == {option.name for option in RUN} - {"dry_run"}
    assert arguments.pop("wait") is False, "a script does not wait unless it says so; a cell may"
    assert [one.name for one in RUN if one.name in arguments and not same(arguments[one.name], one)] == []


def test_sweep_has_the_options_of_a_study_and_those_of_a_run() -> None:
    arguments = signature_of(workbench.sweep)
    assert arguments.keys() == {option.name for option in STUDY} | {"name", "wait"}
    assert [one.name for one in STUDY if not same(arguments[one.name], one)] == []
    passed_on = get_type_hints(RunKeywords).keys()
    assert passed_on == {option.name for option in RUN} - {"name", "wait", "dry_run"}
    assert {option.name for option in OF_TRIALS} - {"wait", "dry_run"} < passed_on


def test_publish_has_the_options_of_an_endpoint() -> None:
    arguments = signature_of(workbench.publish)
    assert arguments.keys() == {option.name for option in PUBLISH.options} - {"model"}
    given = [one for one in PUBLISH.options if one.name != "model"]
    assert [one.name for one in given if not same(arguments[one.name], one)] == []


def test_docstrings_name_every_argument() -> None:
    for function, options in ((workbench.train, RUN), (workbench.sweep, STUDY), (workbench.publish, PUBLISH.options)):
        text = inspect.getdoc(function) or ""
        assert [one.name for one in options if f"{one.name}:" not in text and one.name != "dry_run"] == []


@pytest.mark.parametrize(("options", "record"), [(SERVING, ServingOptions), (LIMITS, Limits), (CANARY, Canary)])
def test_options_are_fields_of_their_record(options: tuple[Option, ...], record: type) -> None:
    known = {field.name for field in fields(record)}
    assert {option.field or option.name for option in options} - known <= {"replicas"}


def test_samplers_and_pruners_are_those_that_there_are() -> None:
    assert (tuple(study.SAMPLERS), tuple(study.PRUNERS)) == (SAMPLERS, PRUNERS)


def commands(command: Command) -> list[Command]:
    return [command, *(inner for verb in command.verbs for inner in commands(verb))]


@pytest.mark.parametrize("command", [*MAGICS.values(), COMMAND_LINE], ids=lambda command: command.name)
def test_help_of_a_command_and_of_its_verbs_shows_their_options(command: Command) -> None:
    for one in commands(command):
        with pytest.raises(Help) as shown:
            Parser(one, prog=one.name, dest="command" if one is COMMAND_LINE else "verb").parse(["--help"])
        for option in one.options:
            assert option.is_word or option.flags[0] in str(shown.value)
        for verb in one.verbs:
            assert verb.help in str(shown.value)


def test_declarations_say_all_options_in_words() -> None:
    found = declarations()["magics"]
    assert found.keys() == MAGICS.keys()
    publish = {option["name"]: option for option in found["%publish"]["options"]}
    assert publish["max_body"]["default"] == "16M"
    assert publish["traffic"]["flags"] == ["--no-traffic"]
    assert all(option["help"] for option in publish.values())


def test_verb_refuses_the_options_of_others_where_its_command_does() -> None:
    parser = magic_parser("%endpoints")
    with pytest.raises(workbench.errors.OptionError, match="Cannot rollback with --version: of the options it takes"):
        parser.parse(["rollback", "digits", "--version", "2"])
    assert not hasattr(magic_parser("%runs").parse(["stop", "a", "--limit", "3"]), "limit")
    assert ENDPOINTS.refuses


def test_words_that_begin_with_no_verb_are_a_query() -> None:
    found = magic_parser("%runs").parse(["some", "words", "--sort", "-acc"])
    assert (found.verb, found.words, found.sort, found.is_spelled) == ("list", ["some", "words"], "-acc", False)
    assert magic_parser("%runs").parse(["--state", "failed", "tidy"]).verb == "tidy"


def test_option_that_is_not_declared_is_no_argument() -> None:
    with pytest.raises(TypeError, match="'colour'"):
        checked(SWEEP.options, {"colour": 1})


def test_panel_has_the_declarations_as_they_are() -> None:
    path = ROOT / "labextension" / "src" / "api" / "declarations.json"
    fix = "it is stale: make generate"
    assert json.loads(path.read_text()) == form_options(), fix


def test_docstring_of_publish_says_what_a_new_endpoint_has() -> None:
    text = " ".join((inspect.getdoc(workbench.publish) or "").split())
    given = [one for one in PUBLISH.options if one.usual and one.name != "cpus"]  # what CPUs it gets, takes a sentence
    wrong = [one.name for one in given if f"({one.usual})" not in text and f'(``"{one.usual}"``)' not in text]
    assert wrong == []
