"""Optuna's studies in the storages of a project."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from workbench.errors import RunNotFoundError, TrackingError, suggestion
from workbench.records.studies import Direction, StudySummary
from workbench.settings import Settings
from workbench.sweeps.optuna_compat import id_of
from workbench.sweeps.storages import storage_urls

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import BaseStorage
    from optuna.study import StudyDirection


def storage_id(url: str) -> str:
    """Return a short name for a storage, the same each time."""
    return hashlib.sha256(url.encode()).hexdigest()[:10]


def open_storage(url: str) -> BaseStorage:
    """Return the storage of a URL, or of a journal file's path.

    Raises:
        TrackingError: The storage cannot be opened.
    """
    from optuna.storages import JournalStorage, get_storage
    from optuna.storages.journal import JournalFileBackend

    try:
        if "://" in url:
            return get_storage(url)
        return JournalStorage(JournalFileBackend(url))
    except Exception as error:  # each kind of storage has errors of its own
        raise TrackingError(
            f"Cannot read the studies in {shown_url(url)!r}: {type(error).__name__}: {error}"
        ) from error


class OpenStorages:
    """The storages of a project, each opened once.

    A journal is read whole when it is opened, and only its new entries after that.

    Args:
        settings: The project's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._storages: dict[str, BaseStorage] = {}
        self._lock = threading.Lock()

    def storage(self, url: str) -> BaseStorage:
        """Return the storage of a URL or path; see :func:`open_storage`."""
        with self._lock:
            if url not in self._storages:
                self._storages[url] = open_storage(url)
            return self._storages[url]

    def study(self, storage: str, study_id: int) -> Study:
        """Return a study.

        Args:
            storage: The storage's :func:`storage_id`.
            study_id: The study's number in it.

        Raises:
            RunNotFoundError: There is no such storage or study.
        """
        import optuna

        url = next((url for url in storage_urls(self._settings) if storage_id(url) == storage), None)
        if url is None:
            raise RunNotFoundError(f"Cannot find the storage {storage!r}: its file is gone, or it is not known here.")
        opened = self.storage(url)
        try:
            name = opened.get_study_name_from_id(study_id)
        except KeyError:
            raise RunNotFoundError(f"Cannot find study {study_id} in {shown_url(url)}: it was deleted.") from None
        return optuna.load_study(study_name=name, storage=opened)

    def studies(self, url: str) -> list[StudySummary]:
        """Return the studies of a storage, newest first."""
        return studies_of(url, self.storage(url))


def shown_url(url: str) -> str:
    """Return a storage's URL without its password."""
    return re.sub(r"://([^:/@]+):[^@]*@", r"://\1:…@", url)


def direction_words(directions: Iterable[StudyDirection]) -> tuple[Direction, ...]:
    """Return the words for the directions of a study's objectives."""
    return tuple(cast("Direction", direction.name.lower()) for direction in directions)


def find_study(settings: Settings, name: str) -> Study:
    """Return the study of a name in any storage of the project.

    Raises:
        RunNotFoundError: There is none; the message has the nearest name.
    """
    import optuna

    known: dict[str, str] = {}
    for url in storage_urls(settings):
        for found in optuna.get_all_study_names(open_storage(url)):
            known.setdefault(found, url)
    if name not in known:
        raise RunNotFoundError(
            f"Cannot find study {name!r}: no storage of the project has it.{suggestion(name, known)}"
        )
    return optuna.load_study(study_name=name, storage=open_storage(known[name]))


def studies_of(url: str, storage: BaseStorage | None = None) -> list[StudySummary]:
    """Return the studies of a storage, newest first.

    Args:
        url: The storage's URL or path.
        storage: The opened storage; None opens it.
    """
    import optuna
    from optuna.trial import TrialState

    storage = storage or open_storage(url)
    found = []
    for frozen in storage.get_all_studies():
        trials = storage.get_all_trials(id_of(frozen), deepcopy=False)
        counts: dict[str, int] = {}
        for trial in trials:
            counts[trial.state.name.lower()] = counts.get(trial.state.name.lower(), 0) + 1
        complete = [trial.values for trial in trials if trial.state is TrialState.COMPLETE]
        values = [one[0] for one in complete if len(one or ()) == 1]
        is_max = frozen.directions[0] is optuna.study.StudyDirection.MAXIMIZE
        best = (max(values) if is_max else min(values)) if values and len(frozen.directions) == 1 else None
        began = [trial.datetime_start.timestamp() for trial in trials if trial.datetime_start]
        found.append(
            StudySummary(
                name=frozen.study_name,
                storage=shown_url(url),
                storage_id=storage_id(url),
                study_id=id_of(frozen),
                directions=direction_words(frozen.directions),
                trials=counts,
                best=best,
                started_at=min(began) if began else None,
            )
        )
    return sorted(found, key=lambda study: study.started_at or 0.0, reverse=True)
