"""A `%%train` cell as a call from Python, to go into a script."""

from __future__ import annotations

from dataclasses import fields

from workbench.options.parsers import split, sweep_options, sweep_parser, train_options, train_parser
from workbench.records.runs import RunOptions


def python_call(cell: str) -> str:
    """The same run as ``workbench.train("...")``.

    >>> print(python_call("%%train digits --workers 2\\nfit()"))
    import workbench
    <BLANKLINE>
    run = workbench.train(
        '''
    fit()
    ''',
        name='digits',
        workers=2,
    )
    """
    first, _, body = cell.partition("\n")
    if first.startswith("%%sweep"):
        return _sweep_call(first, body)
    line = first.removeprefix("%%train") if first.startswith("%%train") else ""
    options = train_options(train_parser().parse(split(line)))
    source = body if first.startswith("%%train") else cell
    return f"import workbench\n\nrun = workbench.train(\n    {_text(source)},\n{_lines(_arguments(options))})"


def _sweep_call(first: str, body: str) -> str:
    """A sweep as ``workbench.sweep("...")``."""
    arguments = sweep_parser().parse(split(first.removeprefix("%%sweep")))
    options = {name: value for name, value in _arguments(train_options(arguments)).items() if name != "name"}
    defaults = sweep_parser().parse(["name", "--space", "", "--goal", ""])
    usual = sweep_options(defaults)
    asked = {name: value for name, value in sweep_options(arguments).items() if value != usual[name]}
    asked = {"space": arguments.space, "goal": arguments.goal, "name": arguments.name, **asked}
    return f"import workbench\n\nrun = workbench.sweep(\n    {_text(body)},\n{_lines({**asked, **options})})"


def _text(source: str) -> str:
    """A cell's text as a literal that looks like it."""
    quotes = "'''" if "'''" not in source else '"""'
    prefix = "r" if "\\" in source else ""
    if quotes in source or source.endswith("\\"):
        return repr(source)
    return f"{prefix}{quotes}\n{source.rstrip()}\n{quotes}"


def _lines(arguments: dict[str, object]) -> str:
    return "".join(f"    {name}={value!r},\n" for name, value in arguments.items())


def _arguments(options: RunOptions) -> dict[str, object]:
    """Those that are not the default, as :func:`workbench.train` calls them."""
    default = RunOptions()
    names = {"timeout_s": "timeout"}
    found: dict[str, object] = {}
    for field in fields(options):
        value = getattr(options, field.name)
        if field.name in ("resources", "dry_run") or value == getattr(default, field.name):
            continue
        found[names.get(field.name, field.name)] = list(value) if isinstance(value, tuple) else value
    resources = options.resources
    asked = {
        "workers": resources.workers if resources.workers != 1 else None,
        "cpus_per_worker": resources.cpus_per_worker,
        "gpus_per_worker": resources.gpus_per_worker or None,
        "memory": resources.memory_mb,
    }
    return {**found, **{name: value for name, value in asked.items() if value is not None}}
