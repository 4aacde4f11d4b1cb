"""Fill the reference pages from the code while the site is built: an mkdocs hook.

A page has a line such as ``<!-- reference: options %%train -->`` where a generated part belongs.
Nothing generated is committed: the declared options, JupyterLab's settings schema and the server's
OpenAPI description are the only places to edit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.options.catalog import MAGICS
from workbench.options.option import Command
from workbench.options.verbs import COMMAND_LINE

ROOT = Path(__file__).resolve().parents[1]
OPENAPI = ROOT / "server_ext" / "workbench_server" / "openapi.json"
LAB_SETTINGS = ROOT / "labextension" / "schema" / "workbench.json"
PREFIX = "/workbench/api/"

COMMANDS: dict[str, Command] = {**MAGICS, **{f"workbench {verb.name}": verb for verb in COMMAND_LINE.verbs}}

_DIRECTIVE = re.compile(r"^<!-- reference: (\w+) ?(.*?) -->$", re.MULTILINE)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace each directive of a page (called by mkdocs)."""
    return _DIRECTIVE.sub(lambda match: GENERATORS[match[1]](match[2]), markdown)


def options(name: str) -> str:
    """Return one magic's or command's usage, description, options, verbs and examples."""
    command = COMMANDS[name]
    usage = "[VERB] …" if command.verbs else _usage(command)
    parts = [f"```text\n{f'{name} {usage}'.rstrip()}\n```", _sentence(command.description or command.help)]
    if command.options:
        parts.append(_options(command))
    if command.verbs:
        verbs = [(f"`{verb.name} {verb.usage}`".replace(" `", "`"), verb.help) for verb in command.verbs]
        parts += [_table(("verb", "what it does"), verbs), *_options_of_verbs(command)]
    if command.examples:
        parts.append(f"```text\n{command.examples}\n```")
    return "\n\n".join(parts)


def lab_settings(_: str = "") -> str:
    """Return the settings that JupyterLab's settings editor shows."""
    properties = json.loads(LAB_SETTINGS.read_text())["properties"]
    rows = [
        (f"`{name}`", field["title"], f"{field['description']} (default `{json.dumps(field['default'])}`)")
        for name, field in properties.items()
    ]
    return _table(("key", "title", "meaning"), rows)


def rest(_: str = "") -> str:
    """Return all routes of the server extension, grouped by their first path segment."""
    description = json.loads(OPENAPI.read_text())
    groups: dict[str, list[str]] = {}
    for path, verbs in description["paths"].items():
        group = path.removeprefix(PREFIX).split("/")[0]
        for verb, operation in verbs.items():
            groups.setdefault(group, []).append(_operation(verb, path, operation))
    parts = [description["info"]["description"]]
    for group, operations in groups.items():
        parts += [f"## {group}", *operations]
    parts.append("## Schemas")
    parts += [_schema(name, schema) for name, schema in description["components"]["schemas"].items()]
    return "\n\n".join(parts)


GENERATORS = {"options": options, "lab_settings": lab_settings, "rest": rest}


def _usage(command: Command) -> str:
    """Return what must be typed: words and required options."""
    words = []
    for option in command.options:
        name = option.name.upper()
        if option.is_word:
            words.append(
                {"?": f"[{name}]", "*": f"[{name} …]", "+": f"{name} [{name} …]"}.get(option.nargs or "", name)
            )
        elif option.is_required:
            words.append(f"{option.flags[0]} {option.metavar}")
    return " ".join([*words, "[options]"])


def _options(command: Command) -> str:
    rows = []
    for option in command.options:
        names = option.to_json()["flags"] or [option.name.upper()]
        value = option.metavar or "|".join(option.choices)
        names[0] = f"{names[0]} {value}".rstrip() if not option.is_word else names[0]
        rows.append((", ".join(f"`{name}`" for name in names), option.help, option.default_text))
    return _table(("option", "meaning", "default"), rows)


def _options_of_verbs(command: Command) -> Iterator[str]:
    for verb in command.verbs:
        own = replace(verb, options=tuple(option for option in verb.options if not option.is_word))
        if own.options:
            yield f"Options of `{verb.name}`:"
            yield _options(own)


def _sentence(text: str) -> str:
    """Return a phrase as a sentence; what is one stays as it is."""
    return text if text.endswith(".") else f"{text[:1].upper()}{text[1:]}."


def _operation(verb: str, path: str, operation: dict[str, Any]) -> str:
    rows = [
        (f"`{field['name']}`", field["in"], _type(field["schema"]), _about(field, field.get("required", False)))
        for field in operation.get("parameters", [])
    ]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    required = body.get("required", [])
    rows += [
        (f"`{name}`", "body", _type(schema), _about(schema, name in required))
        for name, schema in body.get("properties", {}).items()
    ]
    answers = [f"{status}: {_answer(answer)}" for status, answer in operation["responses"].items() if status < "300"]
    refusals = [status for status in operation["responses"] if status >= "300"]
    parts = [f"### `{verb.upper()} {path}`", operation["summary"]]
    if rows:
        parts.append(_table(("name", "in", "type", "meaning"), rows))
    parts.append(f"Answers {'; '.join(answers)}. Errors: {', '.join(refusals)}.")
    return "\n\n".join(parts)


def _answer(answer: dict[str, Any]) -> str:
    types = [_type(content.get("schema", {})) for content in answer.get("content", {}).values()]
    return " or ".join(types) or "no body"


def _schema(name: str, schema: dict[str, Any]) -> str:
    heading = f"### {name} {{ #schema-{name.lower()} }}"
    about = [schema["description"]] if "description" in schema else []
    required = schema.get("required", [])
    rows = [
        (f"`{field}`", _type(inner), _about(inner, field in required))
        for field, inner in schema.get("properties", {}).items()
    ]
    return "\n\n".join([heading, *about, _table(("field", "type", "meaning"), rows) if rows else _type(schema)])


def _about(field: dict[str, Any], is_required: bool) -> str:
    schema = field.get("schema", field)
    parts = [field.get("description", "").rstrip(".")]
    if "default" in schema:
        parts.append(f"default `{json.dumps(schema['default'])}`")
    elif not is_required:
        parts.append("optional")
    return "; ".join(part for part in parts if part)


def _type(schema: dict[str, Any]) -> str:
    """Return a schema in a few words, with links to those that have names."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#schema-{name.lower()})"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return " or ".join(_type(inner) for inner in schema[key])
    kinds = schema.get("type", "any")
    names = [kinds] if isinstance(kinds, str) else kinds
    return " or ".join(_named(name, schema) for name in names)


def _named(name: str, schema: dict[str, Any]) -> str:
    if name == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if name == "object" and schema.get("properties"):
        return "object with " + ", ".join(f"`{field}`: {_type(inner)}" for field, inner in schema["properties"].items())
    if name == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    return name


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return "\n".join(_lines(head, rows))


def _lines(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(_cell(text) for text in row) + " |"


def _cell(text: str) -> str:
    """Escape what ends a cell, but not in code, where Markdown would show the backslash."""
    parts = text.replace("\n", " ").split("`")
    return "`".join(part if number % 2 else part.replace("|", "\\|") for number, part in enumerate(parts))
