"""All that Workbench uses of Optuna beyond its public API, in one place.

Read from Optuna 5.0.0. ``tests/sweeps/test_optuna_compat.py`` checks each part against the installed version and says
when the pinned version moves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.storages import BaseStorage
    from optuna.study._frozen import FrozenStudy

READ_FROM = "5.0.0"
"""The version of Optuna whose source this module was written from."""


def storage_of(study: Study) -> BaseStorage:
    """Return the storage that a study lives in."""
    return study._storage


def id_of(study: Study | FrozenStudy) -> int:
    """Return a study's number in its storage."""
    return study._study_id


def contains(distribution: BaseDistribution, value: float) -> bool:
    """Return whether a value lies in the range of a float or int distribution, on its step."""
    return distribution._contains(distribution.to_internal_repr(value))
