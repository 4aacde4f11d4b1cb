"""The verbs of ``%endpoints`` and ``workbench endpoints``: each returns something to show."""

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
from workbench.options.endpoint import LIMITS
from workbench.options.values import NONE
from workbench.options.verbs import ENDPOINTS

_NAMES = tuple(option.name for option in LIMITS)


def run(arguments: argparse.Namespace) -> Any:
    """Do what the words say; return something to show."""
    if not arguments.is_spelled and arguments.words:
        _check_name_alone(arguments.words)
    return _CALLS[arguments.verb](arguments)


def _check_name_alone(words: list[str]) -> None:
    """Refuse words that begin with no verb, unless they are an endpoint's name alone, which shows it."""
    known = [one["name"] for one in endpoints.endpoints_overview(current_project())["endpoints"]]
    if words[0] not in known or len(words) > 1:
        verbs = ENDPOINTS.verb_names
        near = suggestion(words[0], [*verbs, *known])
        raise OptionError(f"Cannot {words[0]!r} endpoints: the verbs are {', '.join(verbs)}.{near}")


def card(endpoint: Endpoint) -> EndpointCard:
    """Return an endpoint to show, with lines that ask it."""
    found = endpoint.snapshot()
    return EndpointCard(found, endpoint.curl(found), endpoint.python(found))


def _list(arguments: argparse.Namespace) -> Any:
    _expect(arguments, 0)
    return endpoints_table(endpoints.endpoints_overview(current_project()))


def _one(arguments: argparse.Namespace, count: int = 1) -> Endpoint:
    """Return the endpoint that the words name, after a check of how many words there are."""
    _expect(arguments, count)
    return Endpoint(current_project(), arguments.words[0])


def _expect(arguments: argparse.Namespace, count: int) -> None:
    verb, words = arguments.verb, arguments.words
    if len(words) != count:
        usage = ENDPOINTS.verb(verb).usage
        raise OptionError(
            f"Cannot {verb} with {' '.join(words) or 'no words'}: write %endpoints {verb} {usage}".rstrip()
        )


def _show(arguments: argparse.Namespace) -> EndpointCard:
    return card(_one(arguments))


def _traffic(arguments: argparse.Namespace) -> EndpointCard:
    usage = f"{ENDPOINTS.verb('traffic').usage}, as in: %endpoints traffic digits 3=90 4=10"
    words = arguments.words
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


def _promote(arguments: argparse.Namespace) -> EndpointCard:
    endpoint = _one(arguments, 2)
    endpoint.promote(arguments.words[1])
    return card(endpoint)


def _rollback(arguments: argparse.Namespace) -> EndpointCard:
    endpoint = _one(arguments)
    endpoint.rollback()
    return card(endpoint)


def _shadow(arguments: argparse.Namespace) -> EndpointCard:
    endpoint = _one(arguments, 2)
    version = arguments.words[1]
    endpoint.set_shadow(None if version == NONE else version)
    return card(endpoint)


def _scale(arguments: argparse.Namespace) -> EndpointCard:
    endpoint = _one(arguments, 2)
    endpoint.scale(arguments.words[1], arguments.version)
    return card(endpoint)


def _limit(arguments: argparse.Namespace) -> str:
    endpoint = _one(arguments)
    given = {name: getattr(arguments, name) for name in _NAMES}
    changes = {name: value for name, value in given.items() if value is not None}
    found = endpoint.set_limits(**changes) if changes else endpoint.snapshot()
    limits = found["limits"]
    rate, kept = limits["rate"], f"{limits['cache']:,} answers and {limits['samples']:,} samples of each version"
    asked = "any number of requests" if rate is None else f"{rate:g} requests a second and token"
    return f"{endpoint.name} takes {asked}, of {size(limits['max_body'])} at most, and keeps {kept}."


def _logs(arguments: argparse.Namespace) -> str:
    endpoint = _one(arguments)
    lines = endpoint.logs() if arguments.tail is None else endpoint.logs(arguments.tail)
    return lines.rstrip("\n") or f"({endpoint.name} has printed nothing yet)"


def _samples(arguments: argparse.Namespace) -> Any:
    return samples_table(_one(arguments).samples(arguments.version))


def _token(arguments: argparse.Namespace) -> Any:
    if len(arguments.words) == 1:
        return tokens_table(_one(arguments).tokens())
    endpoint = _one(arguments, 2)
    label = arguments.words[1]
    endpoint.new_token(label)
    path = endpoint.token_file.with_name(label)
    # The token itself would be saved with the notebook.
    revoke = f"%endpoints revoke {endpoint.name} {label}"
    return f"Token {label!r} lies in {path}, readable by you alone. Take it back: {revoke}"


def _revoke(arguments: argparse.Namespace) -> str:
    endpoint = _one(arguments, 2)
    label = arguments.words[1]
    endpoint.revoke_token(label)
    return f"Token {label!r} of {endpoint.name} opens nothing any more."


def _restore(arguments: argparse.Namespace) -> str:
    _expect(arguments, 0)
    names = endpoints.restore(current_project(), everywhere=arguments.all)
    return f"Coming back: {', '.join(names)}." if names else "All that was published runs already."


def _withdraw(arguments: argparse.Namespace) -> str:
    _expect(arguments, 1)
    name = arguments.words[0]
    endpoints.withdraw(current_project(), name)
    return f"Endpoint {name} is withdrawn; its models stay registered."


_CALLS: dict[str, Callable[[argparse.Namespace], Any]] = {
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
