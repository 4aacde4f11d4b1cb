"""An option and a command, each declared once: parsers, checks, forms and the docs' tables come from them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_SCHEMA_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}
_FORMATS = {bool: "switch", int: "whole", float: "number", str: "text"}


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option of a command.

    Attributes:
        name: Its name in Python, and its key in JSON.
        help: What it does, as a phrase without a full stop.
        type: What a word on the command line is converted to; ``bool`` makes a switch.
        default: Its value where it is not given.
        usual: The default in words, where the value does not say it: what a new endpoint has.
        check: Returns the value as the record has it, or raises ``OptionError``.
        field: The field of the record, where that is called otherwise.
        unit: The unit of a plain number.
        metavar: What stands for its value in the help; none takes the choices.
        choices: The words that it can be.
        flag: The long option, where that is not the name with dashes.
        short: A short option, as ``-w``.
        is_word: Whether it is given without an option before it.
        nargs: How many words it takes, as :mod:`argparse` has it.
        is_required: Whether it must be given.
        is_repeated: Whether it may be given several times; its values add up.
        forms: The panel's forms that ask for it: ``train``, ``publish``, ``limits``.
        label: Its name in those forms.
        placeholder: What its field shows while it is empty; an empty string for the default.
        pattern: What its field takes, as a regular expression.
        low: The smallest number.
        high: The largest number.
        is_nullable: Whether None means something other than "not given".
    """

    name: str
    help: str
    type: type[str] | type[int] | type[float] | type[bool] = str
    default: Any = None
    usual: str = ""
    check: Callable[[Any], Any] | None = None
    field: str = ""
    unit: str = ""
    metavar: str = ""
    choices: tuple[str, ...] = ()
    flag: str = ""
    short: str = ""
    is_word: bool = False
    nargs: str | None = None
    is_required: bool = False
    is_repeated: bool = False
    forms: tuple[str, ...] = ()
    label: str = ""
    placeholder: str = ""
    pattern: str = ""
    low: float | None = None
    high: float | None = None
    is_nullable: bool = False

    @property
    def flags(self) -> tuple[str, ...]:
        """The options on the command line: the long one, with ``no-`` for a switch that is on, and the short one."""
        long = self.flag or f"--{self.name.replace('_', '-')}"
        if self.type is bool and self.default is True:
            long = f"--no-{long[2:]}"
        return tuple(filter(None, (long, self.short)))

    @property
    def default_text(self) -> str:
        """The default in words, an empty string where there is nothing to say."""
        if self.usual or self.type is bool or self.default in (None, "") or self.is_repeated:
            return self.usual
        return str(self.default)

    @property
    def empty(self) -> Any:
        """Return the value that a parser has for an option that is not given."""
        return [] if self.is_repeated else self.default

    def add_to(self, parser: argparse.ArgumentParser, *, is_hidden: bool = False) -> None:
        """Add it to a parser; a hidden one is neither shown nor in the result unless it is given."""
        more: dict[str, Any] = {"default": self.empty, "help": self._help() or argparse.SUPPRESS}
        if is_hidden:
            more = {"default": argparse.SUPPRESS, "help": argparse.SUPPRESS}
        if self.is_word:
            kept = {} if self.nargs in ("+", "*", None) else {"default": self.default}
            parser.add_argument(self.name, nargs=self.nargs, metavar=self.metavar or None, help=more["help"], **kept)
            return
        more["dest"] = self.name
        if self.type is bool:
            if self.default is None:
                parser.add_argument(*self.flags, action=argparse.BooleanOptionalAction, **more)
            else:
                parser.add_argument(*self.flags, action="store_false" if self.default else "store_true", **more)
            return
        if self.is_repeated:
            more["action"] = "extend" if self.nargs else "append"
        metavar = self.metavar or "|".join(self.choices) or None
        parser.add_argument(
            *self.flags, type=self.type, metavar=metavar, nargs=self.nargs, required=self.is_required, **more
        )

    def _help(self) -> str:
        default = f" (default {self.default_text})" if self.default_text else ""
        return f"{self.help}{default}".replace("%", "%%")

    def _shown_flags(self) -> tuple[str, ...]:
        if self.is_word:
            return ()
        if self.type is bool and self.default is None:
            return (*self.flags, f"--no-{self.flags[0][2:]}")
        return self.flags

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of its value in a request's body."""
        kind = _SCHEMA_TYPES[self.type]
        kinds = [kind, *(["integer"] if self.unit == "bytes" else []), *(["null"] if self.is_nullable else [])]
        bounds = {"minimum": self.low, "maximum": self.high}
        return {
            "type": sorted(kinds, key=["integer", "number", "string", "null"].index) if len(kinds) > 1 else kind,
            **{name: bound for name, bound in bounds.items() if bound is not None},
            "description": f"{self.help[0].upper()}{self.help[1:]}.",
        }

    def to_json(self) -> dict[str, Any]:
        """Return the declaration for forms and tables."""
        return {
            "name": self.name,
            "flags": list(self._shown_flags()),
            "isWord": self.is_word,
            "isRequired": self.is_required or (self.is_word and self.nargs not in ("?", "*")),
            "metavar": self.metavar or "|".join(self.choices),
            "help": self.help,
            "format": _FORMATS[self.type],
            "unit": self.unit,
            "default": self.default_text,
            "choices": list(self.choices),
            "nargs": self.nargs,
            "forms": list(self.forms),
            "label": self.label,
            "placeholder": self.placeholder or self.default_text,
            "pattern": self.pattern,
            "low": self.low,
            "high": self.high,
            "isNullable": self.is_nullable,
        }


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command or one of its verbs.

    Attributes:
        name: Its name, as ``train`` or ``logs``.
        help: What it does, as a phrase without a full stop.
        usage: What follows a verb, as ``NAME VERSION``; none is made of its options.
        description: The text above its options.
        examples: Lines that show it, and what they do.
        options: Its options.
        verbs: Its verbs.
        default: The verb of no words.
        otherwise: The verb of words that begin with none; an empty string refuses them.
        refuses: Whether a verb refuses the options of others, which it ignores otherwise.
    """

    name: str
    help: str
    usage: str = ""
    description: str = ""
    examples: str = ""
    options: tuple[Option, ...] = ()
    verbs: tuple[Command, ...] = ()
    default: str = ""
    otherwise: str = ""
    refuses: bool = False

    def verb(self, name: str) -> Command:
        """Return the verb of a name."""
        return next(verb for verb in self.verbs if verb.name == name)

    @property
    def is_short(self) -> bool:
        """Whether its usage says all that may follow it."""
        return all(option.flags[0] in self.usage for option in self.options if not option.is_word)

    @property
    def verb_names(self) -> tuple[str, ...]:
        """The names of its verbs."""
        return tuple(verb.name for verb in self.verbs)

    @property
    def all_options(self) -> tuple[Option, ...]:
        """Its options and those of its verbs, the first of each name."""
        found = {option.name: option for option in self.options}
        for verb in self.verbs:
            for option in verb.options:
                found.setdefault(option.name, option)
        return tuple(option for option in found.values() if not option.is_word)

    def to_json(self) -> dict[str, Any]:
        """Return the declaration for forms and tables."""
        return {
            "name": self.name,
            "help": self.help,
            "usage": self.usage,
            "options": [option.to_json() for option in self.options],
            "verbs": [verb.to_json() for verb in self.verbs],
        }


def given_of(options: Iterable[Option], names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of options out of a function's arguments or a parser's result."""
    return {option.name: names[option.name] for option in options if option.name in names}


def checked(options: Iterable[Option], given: Mapping[str, Any], *, fill: bool = False) -> dict[str, Any]:
    """Return values by field, each checked; with ``fill``, the defaults of those that are not given, too.

    Raises ``OptionError`` for the first that cannot be used, and ``TypeError`` for a name that there is not.
    """
    known = {option.name: option for option in options}
    for name in given:
        if name not in known:
            raise TypeError(f"got an unexpected keyword argument {name!r}")
    found = {}
    for name, option in known.items():
        if fill or name in given:
            value = given.get(name, option.default)
            found[option.field or name] = option.check(value) if option.check is not None else value
    return found
