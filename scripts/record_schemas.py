"""JSON schemas of the records in ``workbench/records``, with the texts of their docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue

REF = "#/components/schemas/{model}"

_ATTRIBUTES = re.compile(r"^Attributes:\n", re.MULTILINE)
_ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n      .*)*)", re.MULTILINE)


class RecordSchemas(GenerateJsonSchema):
    """Schemas of what is sent: every field is there, and described as its class describes it."""

    def field_is_required(self, field: Any, total: bool) -> bool:
        """Return whether a field is always there: a dataclass sends its defaults, too."""
        if field["type"] == "typed-dict-field":
            return bool(field.get("required", total))
        return True

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Return False: a title repeats the field's name."""
        return False

    def typed_dict_schema(self, schema: Any) -> JsonSchemaValue:
        """Return the schema of a ``TypedDict``."""
        return _described(super().typed_dict_schema(schema), schema["cls"])

    def dataclass_schema(self, schema: Any) -> JsonSchemaValue:
        """Return the schema of a dataclass."""
        return _described(super().dataclass_schema(schema), schema["cls"])

    def enum_schema(self, schema: Any) -> JsonSchemaValue:
        """Return the schema of an enumeration."""
        return _described(super().enum_schema(schema), schema["cls"])

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        """Return the schema of a value without its default, which says nothing of an answer."""
        return self.generate_inner(schema["schema"])

    def nullable_schema(self, schema: Any) -> JsonSchemaValue:
        """Return the schema of a value or null, as ``type: [..., "null"]`` where that says it."""
        inner = self.generate_inner(schema["schema"])
        kind = inner.get("type")
        if isinstance(kind, str) and "enum" not in inner:
            return {**inner, "type": [kind, "null"]}
        if isinstance(kind, list) and "null" in kind:
            return inner
        return super().nullable_schema(schema)


def schemas_of(types: Mapping[str, Any]) -> tuple[dict[str, JsonSchemaValue], dict[str, JsonSchemaValue]]:
    """Return the schema of each type, and the definitions that they refer to by name.

    Args:
        types: Types by any name.
    """
    mode: JsonSchemaMode = "serialization"
    inputs = [(name, mode, TypeAdapter(kind)) for name, kind in types.items()]
    schemas, definitions = TypeAdapter.json_schemas(inputs, schema_generator=RecordSchemas, ref_template=REF)
    return {name: schema for (name, _), schema in schemas.items()}, dict(sorted(definitions["$defs"].items()))


def _described(schema: JsonSchemaValue, cls: type) -> JsonSchemaValue:
    """Return a class's schema with its docstring's first lines, and each field's from ``Attributes:``."""
    summary, fields = _texts(cls)
    described = {key: value for key, value in schema.items() if key not in ("title", "description")}
    for name, field in described.get("properties", {}).items():
        if name in fields:
            # Beside a reference a description is allowed since OpenAPI 3.1.
            field["description"] = fields[name]
    return {"description": summary, **described}


def _texts(cls: type) -> tuple[str, dict[str, str]]:
    """Return the docstring of a class without its attributes, and the texts of those, inherited ones included."""
    fields: dict[str, str] = {}
    bases = [*getattr(cls, "__orig_bases__", ()), *cls.__bases__]
    for base in bases:
        if isinstance(base, type) and base.__module__.startswith(("workbench", "workbench_server")):
            fields |= _texts(base)[1]
    own = inspect.cleandoc(cls.__doc__ or "")
    summary, *attributes = _ATTRIBUTES.split(own, maxsplit=1)
    for name, text in _ATTRIBUTE.findall("".join(attributes)):
        fields[name] = _one_line(text)
    return _one_line(summary.partition("\n\n")[0]), fields


def _one_line(text: str) -> str:
    return " ".join(text.replace("``", "`").split())
