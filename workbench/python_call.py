"""A `%%train` cell as a call from Python, to go into a script."""

from __future__ import annotations

from dataclasses import fields

from workbench.parsers import split, train_options, train_parser
from workbench.records import RunOptions


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
    line = first.removeprefix("%%train") if first.startswith("%%train") else ""
    options = train_options(train_parser().parse(split(line)))
    source = body if first.startswith("%%train") else cell
    quotes = "'''" if "'''" not in source else '"""'
    prefix = "r" if "\\" in source else ""
    if quotes in source or source.endswith("\\"):
        text = repr(source)
    else:
        text = f"{prefix}{quotes}\n{source.rstrip()}\n{quotes}"
    arguments = "".join(f"    {name}={value!r},\n" for name, value in _arguments(options).items())
    return f"import workbench\n\nrun = workbench.train(\n    {text},\n{arguments})"


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
