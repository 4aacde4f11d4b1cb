"""The layers inside serving: which of its packages imports which."""

from __future__ import annotations

import pytest

from tests.support.imports import python_graph

PACKAGE = "workbench.serving."

MAY_IMPORT = {
    "client": set(),
    "replica": set(),
    "dataplane": set(),
    "protocols": {"dataplane"},
    "control": {"dataplane", "protocols", "replica"},  # it has Serve run the replica's class
}
"""The packages of serving, each with those that it may import; all may import the modules beside the packages."""


def part_of(module: str) -> str:
    """Return the package of serving that a module is in, an empty string for a module beside the packages."""
    first, _, rest = module.removeprefix(PACKAGE).partition(".")
    return first if rest or first in MAY_IMPORT else ""


def imports() -> list[tuple[str, str]]:
    return [
        (module, other)
        for module, others in python_graph().items()
        for other in others
        if module.startswith(PACKAGE) and other.startswith(PACKAGE)
    ]


def test_layers_every_package_has_a_rule() -> None:
    packages = {module.removeprefix(PACKAGE).partition(".")[0] for module, _ in imports() if module.count(".") > 2}
    assert packages == MAY_IMPORT.keys()


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_layers_package_imports_only_what_it_may(package: str) -> None:
    wrong = [
        f"{module} imports {other}"
        for module, other in imports()
        if part_of(module) == package and part_of(other) not in {"", package, *MAY_IMPORT[package]}
    ]
    assert not wrong


def test_layers_shared_modules_import_no_package_but_the_gateways() -> None:
    """The gateway's class is what a process needs to start the gateway."""
    wrong = [
        f"{module} imports {other}"
        for module, other in imports()
        if not part_of(module) and part_of(other)
        if (module, other) != (f"{PACKAGE}gateway_client", f"{PACKAGE}control.actor")
    ]
    assert not wrong
