"""A user's query and order in MLflow's words, and what MLflow cannot match or sort itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import RunNotFoundError
from workbench.tracking.tracked_run import TrackedRun

if TYPE_CHECKING:
    from workbench.tracking.store import TrackingStore

NO_TRIALS = "tags.`workbench.trial` IS NULL"
"""MLflow's filter that leaves out the trials of sweeps, for which their sweep stands."""

FILTER_MARKS = ("=", "<", ">", " LIKE ", " like ", " IN ")
"""Texts by which MLflow's filter syntax is told from words."""


def any_quote(text: str) -> str:
    """Return a text for LIKE in which quotation marks match any character, since MLflow's filters cannot quote them."""
    return text.replace("'", "_").replace('"', "_")


def is_filter(query: str) -> bool:
    """Return whether a query is MLflow's filter syntax rather than words."""
    return any(mark in query for mark in FILTER_MARKS)


def order_clause(order_by: str | None) -> str:
    """Return MLflow's clause for an order.

    An order by a metric or param is newest first here; :func:`in_order` sorts what was found.
    """
    key, direction = (order_by or "-start").lstrip("-"), "DESC" if (order_by or "-").startswith("-") else "ASC"
    if key == "name":
        return f"attributes.run_name {direction}"
    return f"attributes.start_time {direction if key == 'start' else 'DESC'}"


def in_order(records: list[TrackedRun], order_by: str) -> list[TrackedRun]:
    """Return runs sorted by a metric or param; runs without it come last."""
    key = order_by.lstrip("-")
    sign = -1.0 if order_by.startswith("-") else 1.0

    def rank(record: TrackedRun) -> tuple[bool, float, str]:
        if key in record.metrics:
            return False, sign * record.metrics[key], ""
        text = record.params.get(key)
        try:
            return text is None, sign * float(text or 0), ""
        except ValueError:
            return False, 0.0, str(text)

    return sorted(records, key=rank)


def haystack(record: TrackedRun) -> str:
    """Return the text of a run that words are searched in."""
    params = " ".join(f"{key}={value}" for key, value in record.params.items())
    return f"{record.name} {record.experiment} {record.state.value} {params} {record.run_id}".lower()


def find_run(store: TrackingStore, study_name: str, trial: int | None = None) -> TrackedRun:
    """Return the run of a study's newest sweep, or of one of its trials.

    Args:
        store: The tracking store.
        study_name: The study's name.
        trial: The trial's number; None for the sweep.

    Raises:
        RunNotFoundError: There is none: a script made the study, or its runs were deleted.
    """
    query = f"tags.`workbench.study` LIKE '{any_quote(study_name)}' AND "
    query += "tags.`workbench.goal` LIKE '%'" if trial is None else f"tags.`workbench.trial` = '{trial}'"
    found = [run for run in store.search(query=query, limit=5) if run.tags.get("workbench.study") == study_name]
    if not found:
        what = "no sweep" if trial is None else f"no run of trial {trial}"
        raise RunNotFoundError(f"Cannot find {what} of study {study_name!r} in the tracking store.")
    return found[0]
