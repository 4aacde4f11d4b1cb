"""``%publish`` and ``%endpoints``."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from workbench.api.endpoint_handle import Endpoint
from workbench.api.model_source import Source, source_of
from workbench.api.project import current_project
from workbench.api.publish import begin
from workbench.commands import endpoints as endpoint_commands
from workbench.errors import OptionError, suggestion
from workbench.options.serving import plan_and_options
from workbench.options.serving_parsers import endpoints_parser, publish_options, publish_parser
from workbench.tracking.model_logging import can_be_logged
from workbench.tracking.notebook import context_of

_SAY_EVERY_S = 0.25


def publish(shell: Any, words: list[str], on_tick: Callable[[float], None]) -> Any:
    """Publish what the words name; gives the card of the endpoint.

    Args:
        shell: The notebook's.
        words: After the magic.
        on_tick: Called while a cluster starts.
    """
    arguments = publish_parser().parse(words)
    names = shell.user_ns
    example = None
    if arguments.example:
        if arguments.example not in names:
            near = suggestion(arguments.example, names)
            raise OptionError(f"Cannot take {arguments.example!r} as example: the notebook has no such name.{near}")
        example = names[arguments.example]
    sources = [_source(word, names, example) for word in arguments.model]
    given = publish_options(arguments)
    alias = given.pop("alias")
    plan, options, limits = plan_and_options(given)
    path = context_of(shell, "").path
    saying = _Saying(hasattr(shell, "kernel"))
    try:
        endpoint, label = begin(
            current_project(), sources, options, limits, plan, name=arguments.name, alias=alias,
            notebook=str(path or ""), on_step=saying.step, on_tick=on_tick,
        )  # fmt: skip
    except BaseException:
        saying.end()
        raise
    return _follow(endpoint, label, saying, wait=arguments.wait)


def endpoints(words: list[str]) -> Any:
    """Do what ``%endpoints`` says."""
    return endpoint_commands.run(endpoints_parser().parse(words))


def _source(word: str, names: dict[str, Any], example: Any) -> Source:
    """A variable of that name where the notebook has one that can be served; else words."""
    value = names.get(word)
    if value is None or isinstance(value, str):
        return source_of(word if value is None else value, names)
    if not can_be_logged(value):
        raise OptionError(
            f"Cannot publish {word!r}: it is a {type(value).__name__}. Give a fitted model, a function of one "
            "argument, a run, or a registered model (name@alias)."
        )
    from dataclasses import replace

    return replace(source_of(value, names, example), name=word)


def _follow(endpoint: Endpoint, label: str, saying: _Saying, *, wait: bool) -> Any:
    if not wait:
        saying.end()
        return endpoint_commands.card(endpoint)
    began = time.monotonic()

    def on_change(version: dict[str, Any]) -> None:
        saying.step(f"version {label} {version['message'] or version['state']}", time.monotonic() - began)

    try:
        endpoint.wait(label, on_change=on_change)
    except KeyboardInterrupt:
        print(f"Version {label} goes on to come up: %endpoints show {endpoint.name}")
        return None
    finally:
        saying.end()
    return endpoint_commands.card(endpoint)


class _Saying:
    """One line that says what is going on, and goes when it is done."""

    def __init__(self, is_kernel: bool) -> None:
        self._is_kernel = is_kernel
        self._handle: Any = None
        self._said_at = 0.0

    def step(self, words: str, seconds: float | None = None) -> None:
        """Say what goes on."""
        now = time.monotonic()
        if not self._is_kernel or now - self._said_at < _SAY_EVERY_S:
            return
        self._said_at = now
        from IPython.display import display

        bundle = {"text/plain": f"Publishing: {words} …{f' {seconds:.0f} s' if seconds else ''}"}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)

    def end(self) -> None:
        """Take the line away."""
        if self._handle is not None:
            self._handle.update({"text/plain": ""}, raw=True)
