"""The words after a magic or on the command line: one grammar for both."""

from __future__ import annotations

import argparse
import shlex
from typing import Any, NoReturn

from workbench.errors import OptionError, suggestion
from workbench.options.option import Command, Option


class Help(Exception):
    """Raised where ``--help`` asks for help; its argument is the text."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of ending the process, and suggests the nearest option.

    Args:
        command: The command that is parsed.
        prog: How the user writes it: ``%runs``, ``workbench runs``.
        dest: Where the verb goes.
        others: Options that other verbs of the same command have.
        refuses: Whether those are refused; else they are ignored.
    """

    def __init__(
        self,
        command: Command | None = None,
        *,
        prog: str | None = None,
        dest: str = "verb",
        others: tuple[Option, ...] = (),
        refuses: bool = False,
        **given: Any,
    ) -> None:
        given.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(prog=prog, add_help=False, allow_abbrev=False, **given)
        self.add_argument("-h", "--help", action=_HelpAction, nargs=0, default=argparse.SUPPRESS, help="show this text")
        self._command = command
        self._others = others
        self._refuses = refuses
        self._verbs: dict[str, Parser] = {}
        if command is not None:
            self._fill(command, dest)

    def _fill(self, command: Command, dest: str) -> None:
        self.description = command.description or command.help
        for option in command.options:
            option.add_to(self)
        for option in self._others:
            option.add_to(self, is_hidden=True)
        if not command.verbs:
            if command.is_short:
                self.usage = f"%(prog)s [-h] {command.usage}".rstrip()
            self.epilog = f"examples:\n{command.examples}" if command.examples else None
            return
        word = dest.upper()
        self.usage = f"%(prog)s [-h] {f'[{word}]' if command.default else word} ..."
        everywhere = command.all_options
        actions = self.add_subparsers(dest=dest, prog=self.prog, help=argparse.SUPPRESS, parser_class=Parser)
        for verb in command.verbs:
            own = {option.name for option in verb.options}
            self._verbs[verb.name] = actions.add_parser(
                verb.name,
                prog=f"{self.prog} {verb.name}",
                command=verb,
                refuses=command.refuses,
                others=tuple(option for option in everywhere if option.name not in own) if dest == "verb" else (),
            )

        lines = {f"{one.name} {one.usage}".rstrip(): one.help for one in command.verbs}
        parts = [_table(f"{dest}s", lines)]
        options = [one for one in command.verb(command.default).options if not one.is_word] if command.default else []
        if options:
            shown = {f"{', '.join(one.flags)} {one.metavar}".rstrip(): one.help for one in options}
            parts.append(_table(f"options of {command.default}", shown))
        self.epilog = "\n\n".join([*parts, f"{self.prog} {word} --help shows the options of each."])

    def error(self, message: str) -> NoReturn:
        """Raise ``OptionError`` with argparse's message."""
        raise OptionError(f"Cannot read {self.prog}: {message}. {self.prog} --help shows all options.")

    def option_names(self) -> list[str]:
        """Return all options, those of the verbs among them, for completion and suggestions."""
        found = {name for action in self._actions for name in action.option_strings if name.startswith("--")}
        return sorted(found.union(*(verb.option_names() for verb in self._verbs.values())))

    def option_flags(self) -> dict[str, str]:
        """Return the name of each option by what the user writes, the short ones among them."""
        return {flag: action.dest for action in self._actions for flag in action.option_strings}

    def parse(self, words: list[str]) -> argparse.Namespace:
        """Parse words.

        With verbs, the result's ``is_spelled`` says whether the words name one.

        Raises ``OptionError``, which names an unknown option and the nearest known one, or ``Help``.
        """
        words, chosen, is_spelled = self._prepare(words)
        known, unknown = self.parse_known_args(words)
        if unknown:
            raise chosen._unknown(unknown[0])
        known.is_spelled = bool(is_spelled)
        chosen._drop_others(known)
        return known

    def _drop_others(self, known: argparse.Namespace) -> None:
        """Remove, or refuse, options that only other verbs have."""
        for option in self._others:
            if not hasattr(known, option.name):
                continue
            delattr(known, option.name)
            if self._refuses and (known.is_spelled or not known.words):
                own = self._command.options if self._command is not None else ()
                takes = ", ".join(one.flags[0] for one in own if not one.is_word) or "none"
                raise OptionError(f"Cannot {known.verb} with {option.flags[0]}: of the options it takes {takes}.")

    def _unknown(self, word: str) -> OptionError:
        near = suggestion(word.split("=")[0], self.option_names())
        return OptionError(
            f"Cannot use {word!r} with {self.prog}: it is not known.{near} {self.prog} --help shows all options."
        )

    def _prepare(self, words: list[str]) -> tuple[list[str], Parser, bool | None]:
        """Return the words as argparse takes them, the parser that they are for, and whether they name its verb."""
        if not self._verbs or self._command is None:
            return self._with_dashed_values(words), self, None
        place, is_spelled = self._place_of_verb(words), False
        if place is None:
            name = self._command.default
            if not name or words[:1] in (["-h"], ["--help"]):
                return words, self, False
        elif words[place] in self._verbs:
            name, words, is_spelled = words[place], words[:place] + words[place + 1 :], True
        else:
            name = self._command.otherwise or self._refuse(words[place])
        rest, chosen, is_inner_spelled = self._verbs[name]._prepare(words)
        return [name, *rest], chosen, is_spelled if is_inner_spelled is None else is_inner_spelled

    def _refuse(self, word: str) -> NoReturn:
        near = suggestion(word, self._verbs)
        raise OptionError(f"Cannot {word!r}: {self.prog} knows {', '.join(self._verbs)}.{near}")

    def _place_of_verb(self, words: list[str]) -> int | None:
        """Return the place of the first word that is no option and no option's value."""
        takes = {flag: option for option in self._command.all_options for flag in option.flags} if self._command else {}
        place = 0
        while place < len(words):
            word = words[place]
            if not word.startswith("-"):
                return place
            option = takes.get(word)
            place += 1 if option is None or option.type is bool else 2
        return None

    def _with_dashed_values(self, words: list[str]) -> list[str]:
        """Write ``--sort -acc`` as ``--sort=-acc``, since argparse takes ``-acc`` for an option."""
        options = {name: action for action in self._actions for name in action.option_strings}
        joined: list[str] = []
        for word in words:
            before = options.get(joined[-1]) if joined else None
            if before is not None and before.nargs is None and word.startswith("-") and word not in options:
                joined[-1] = f"{joined[-1]}={word}"
            else:
                joined.append(word)
        return joined


class _HelpAction(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        raise Help(parser.format_help())


def _table(title: str, lines: dict[str, str]) -> str:
    width = max(map(len, lines)) + 2
    return "\n".join([f"{title}:", *(f"  {usage:<{width}}{does}" for usage, does in lines.items())])


def split(line: str) -> list[str]:
    """Return a magic's line as words; quotes group, as in a shell."""
    try:
        return shlex.split(line)
    except ValueError as error:
        raise OptionError(f"Cannot read {line!r}: {error}. Close the quotation mark.") from None
