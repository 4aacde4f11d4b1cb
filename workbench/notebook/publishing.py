"""``%publish``: what the words name, what is going on, and the card of the endpoint."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

from workbench.api.endpoint_handle import Endpoint
from workbench.api.model_source import Source, source_of
from workbench.api.project import current_project
from workbench.api.publish import begin
from workbench.commands.endpoints import card
from workbench.errors import OptionError, suggestion
from workbench.options.endpoint import VERSION_OPTIONS
from workbench.options.option import given_of
from workbench.options.serving import publish_options
from workbench.records.endpoint_snapshot import VersionSnapshot
from workbench.tracking.model_logging import can_be_logged
from workbench.tracking.notebook import context_of

_SAY_EVERY_S = 0.25


def publish(shell: Any, arguments: argparse.Namespace, on_tick: Callable[[float], None]) -> Any:
    """Publish what the words name; return the card of the endpoint.

    Args:
        shell: The notebook's shell.
        arguments: The parsed words.
        on_tick: Called with the seconds while a cluster starts.
    """
    names = shell.user_ns
    example = None
    if arguments.example:
        if arguments.example not in names:
            near = suggestion(arguments.example, names)
            raise OptionError(f"Cannot take {arguments.example!r} as example: the notebook has no such name.{near}")
        example = names[arguments.example]
    sources = [_source(word, names, example) for word in arguments.model]
    plan, options, limits = publish_options(given_of(VERSION_OPTIONS, vars(arguments)))
    path = context_of(shell, "").path
    progress = _ProgressLine(hasattr(shell, "kernel"))
    try:
        endpoint, label = begin(
            current_project(), sources, options, limits, plan, name=arguments.name, alias=arguments.alias,
            notebook=str(path or ""), on_step=progress.step, on_tick=on_tick,
        )  # fmt: skip
    except BaseException:
        progress.end()
        raise
    return _follow(endpoint, label, progress, wait=arguments.wait)


def _source(word: str, names: dict[str, Any], example: Any) -> Source:
    """Return a variable of that name where the notebook has one that can be served, else the words."""
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


def _follow(endpoint: Endpoint, label: str, progress: _ProgressLine, *, wait: bool) -> Any:
    if not wait:
        progress.end()
        return card(endpoint)
    began = time.monotonic()

    def on_change(version: VersionSnapshot) -> None:
        progress.step(f"version {label} {version['message'] or version['state']}", time.monotonic() - began)

    try:
        endpoint.wait(label, on_change=on_change)
    except KeyboardInterrupt:
        print(f"Version {label} goes on to come up: %endpoints show {endpoint.name}")
        return None
    finally:
        progress.end()
    return card(endpoint)


class _ProgressLine:
    """A line that says what is going on, and disappears when it is done."""

    def __init__(self, is_kernel: bool) -> None:
        self._is_kernel = is_kernel
        self._handle: Any = None
        self._shown_at = 0.0

    def step(self, words: str, seconds: float | None = None) -> None:
        """Show what is going on."""
        now = time.monotonic()
        if not self._is_kernel or now - self._shown_at < _SAY_EVERY_S:
            return
        self._shown_at = now
        from IPython.display import display

        bundle = {"text/plain": f"Publishing: {words} …{f' {seconds:.0f} s' if seconds else ''}"}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)

    def end(self) -> None:
        """Remove the line."""
        if self._handle is not None:
            self._handle.update({"text/plain": ""}, raw=True)
