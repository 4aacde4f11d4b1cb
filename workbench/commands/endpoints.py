"""What ``%endpoints`` does, as calls that return something to show."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from workbench.api import endpoints
from workbench.api.endpoint_handle import Endpoint
from workbench.api.project import current_project
from workbench.display.endpoints import EndpointCard, endpoints_table, samples_table, tokens_table
from workbench.display.words import size
from workbench.errors import OptionError, suggestion
from workbench.options.serving_parsers import ENDPOINT_VERBS

_LIMITS = ("rate", "max_body", "cache", "samples")
_TAKES = {
    "scale": ("version",),
    "samples": ("version",),
    "logs": ("tail",),
    "limit": _LIMITS,
    "restore": ("all",),
}
_OPTIONS = {option for options in _TAKES.values() for option in options}


def run(arguments: argparse.Namespace) -> Any:
    """Do what the words say."""
    words = list(arguments.words)
    verb = words.pop(0) if words else "list"
    if verb not in ENDPOINT_VERBS:
        known = [one["name"] for one in endpoints.endpoints_overview(current_project())["endpoints"]]
        if verb not in known or words:
            near = suggestion(verb, [*ENDPOINT_VERBS, *known])
            raise OptionError(f"Cannot {verb!r} endpoints: the verbs are {', '.join(ENDPOINT_VERBS)}.{near}")
        words, verb = [verb], "show"
    for option in vars(arguments).keys() & _OPTIONS:
        value = getattr(arguments, option)
        if value is not None and value is not False and option not in _TAKES.get(verb, ()):
            takes = ", ".join(f"--{one.replace('_', '-')}" for one in _TAKES.get(verb, ())) or "none"
            raise OptionError(f"Cannot {verb} with --{option.replace('_', '-')}: of the options it takes {takes}.")
    return _VERBS[verb](arguments, words)


def card(endpoint: Endpoint) -> EndpointCard:
    """An endpoint to show, with lines that ask it."""
    found = endpoint.snapshot()
    return EndpointCard(found, endpoint.curl(found), endpoint.python(found))


def _list(_: argparse.Namespace, words: list[str]) -> Any:
    _expect("list", words, 0, "")
    return endpoints_table(endpoints.endpoints_overview(current_project()))


def _one(verb: str, words: list[str], count: int, usage: str) -> Endpoint:
    _expect(verb, words, count, usage)
    return Endpoint(current_project(), words[0])


def _expect(verb: str, words: list[str], count: int, usage: str) -> None:
    if len(words) != count:
        raise OptionError(
            f"Cannot {verb} with {' '.join(words) or 'no words'}: write %endpoints {verb} {usage}".rstrip()
        )


def _show(_: argparse.Namespace, words: list[str]) -> EndpointCard:
    return card(_one("show", words, 1, "NAME"))


def _traffic(_: argparse.Namespace, words: list[str]) -> EndpointCard:
    usage = "NAME VERSION=PERCENT …, as in: %endpoints traffic digits 3=90 4=10"
    if len(words) < 2:
        raise OptionError(f"Cannot share traffic: write %endpoints traffic {usage}")
    weights: dict[str, float] = {}
    for word in words[1:]:
        label, equals, percent = word.partition("=")
        try:
            weights[label] = float(percent.removesuffix("%"))
        except ValueError:
            raise OptionError(f"Cannot read {word!r}{'' if equals else ': it has no ='}: write {usage}") from None
    endpoint = Endpoint(current_project(), words[0])
    endpoint.set_traffic(weights)
    return card(endpoint)


def _promote(_: argparse.Namespace, words: list[str]) -> EndpointCard:
    endpoint = _one("promote", words, 2, "NAME VERSION")
    endpoint.promote(words[1])
    return card(endpoint)


def _rollback(_: argparse.Namespace, words: list[str]) -> EndpointCard:
    endpoint = _one("rollback", words, 1, "NAME")
    endpoint.rollback()
    return card(endpoint)


def _shadow(_: argparse.Namespace, words: list[str]) -> EndpointCard:
    endpoint = _one("shadow", words, 2, "NAME VERSION|none")
    endpoint.set_shadow(None if words[1] == "none" else words[1])
    return card(endpoint)


def _scale(arguments: argparse.Namespace, words: list[str]) -> EndpointCard:
    endpoint = _one("scale", words, 2, "NAME REPLICAS")
    endpoint.scale(words[1], arguments.version)
    return card(endpoint)


def _limit(arguments: argparse.Namespace, words: list[str]) -> str:
    endpoint = _one("limit", words, 1, "NAME [--rate N] [--max-body B] [--cache N] [--samples N]")
    given = {name: getattr(arguments, name) for name in _LIMITS}
    changes = {name: value for name, value in given.items() if value is not None}
    found = endpoint.set_limits(**changes) if changes else endpoint.snapshot()
    limits = found["limits"]
    rate, kept = limits["rate"], f"{limits['cache']:,} answers and {limits['samples']:,} samples of each version"
    asked = "any number of requests" if rate is None else f"{rate:g} requests a second and token"
    return f"{endpoint.name} takes {asked}, of {size(limits['max_body'])} at most, and keeps {kept}."


def _logs(arguments: argparse.Namespace, words: list[str]) -> str:
    endpoint = _one("logs", words, 1, "NAME")
    lines = endpoint.logs() if arguments.tail is None else endpoint.logs(arguments.tail)
    return lines.rstrip("\n") or f"({endpoint.name} has printed nothing yet)"


def _samples(arguments: argparse.Namespace, words: list[str]) -> Any:
    return samples_table(_one("samples", words, 1, "NAME").samples(arguments.version))


def _token(_: argparse.Namespace, words: list[str]) -> Any:
    if len(words) == 1:
        return tokens_table(_one("token", words, 1, "NAME [LABEL]").tokens())
    endpoint = _one("token", words, 2, "NAME [LABEL]")
    endpoint.new_token(words[1])
    path = endpoint.token_file.with_name(words[1])
    # The token itself would be saved with the notebook.
    revoke = f"%endpoints revoke {words[0]} {words[1]}"
    return f"Token {words[1]!r} lies in {path}, readable by you alone. Take it back: {revoke}"


def _revoke(_: argparse.Namespace, words: list[str]) -> str:
    _one("revoke", words, 2, "NAME LABEL").revoke_token(words[1])
    return f"Token {words[1]!r} of {words[0]} opens nothing any more."


def _restore(arguments: argparse.Namespace, words: list[str]) -> str:
    _expect("restore", words, 0, "[--all]")
    names = endpoints.restore(current_project(), everywhere=arguments.all)
    return f"Coming back: {', '.join(names)}." if names else "All that was published runs already."


def _withdraw(_: argparse.Namespace, words: list[str]) -> str:
    _expect("withdraw", words, 1, "NAME")
    endpoints.withdraw(current_project(), words[0])
    return f"Endpoint {words[0]} is withdrawn; its models stay registered."


_VERBS: dict[str, Callable[[argparse.Namespace, list[str]], Any]] = {
    "list": _list,
    "show": _show,
    "traffic": _traffic,
    "promote": _promote,
    "rollback": _rollback,
    "shadow": _shadow,
    "scale": _scale,
    "limit": _limit,
    "logs": _logs,
    "samples": _samples,
    "token": _token,
    "revoke": _revoke,
    "restore": _restore,
    "withdraw": _withdraw,
}
