"""What Workbench uses of Optuna beyond its public API is still there, and still means the same."""

from __future__ import annotations

import re

import optuna

from tests.support.imports import ROOT
from workbench.sweeps import optuna_compat


def test_compat_was_read_from_the_pinned_version() -> None:
    """After an upgrade: read the parts again in the new version, then raise READ_FROM."""
    pinned = re.search(r"^optuna==(.+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert pinned is not None
    assert pinned[1] == optuna_compat.READ_FROM


def test_study_has_its_storage_and_number() -> None:
    study = optuna.create_study(study_name="mine")
    storage = optuna_compat.storage_of(study)
    assert storage.get_study_name_from_id(optuna_compat.id_of(study)) == "mine"
    (frozen,) = storage.get_all_studies()
    assert optuna_compat.id_of(frozen) == optuna_compat.id_of(study)


def test_distribution_contains_values_of_its_range_and_step() -> None:
    ranged = optuna.distributions.FloatDistribution(0.0, 1.0, step=0.25)
    assert [optuna_compat.contains(ranged, value) for value in (0.0, 0.25, 0.3, 1.5)] == [True, True, False, False]
    whole = optuna.distributions.IntDistribution(1, 5)
    assert [optuna_compat.contains(whole, value) for value in (1, 5, 6)] == [True, True, False]
