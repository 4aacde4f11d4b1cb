"""Which runs a user's words mean, and in which order they come."""

from __future__ import annotations

from typing import Any

from workbench.errors import RunNotFoundError
from workbench.tracking.tracked_run import TrackedRun


def any_quote(text: str) -> str:
    """A text for LIKE, with quotation marks as any character: MLflow's filters have no way to quote them."""
    return text.replace("'", "_").replace('"', "_")


def order_clause(order_by: str | None) -> str:
    """MLflow's words for an order; by a metric or param, runs come newest first until :func:`in_order`."""
    key, direction = (order_by or "-start").lstrip("-"), "DESC" if (order_by or "-").startswith("-") else "ASC"
    if key == "name":
        return f"attributes.run_name {direction}"
    return f"attributes.start_time {direction if key == 'start' else 'DESC'}"


def in_order(records: list[TrackedRun], order_by: str) -> list[TrackedRun]:
    """By a metric or param; runs without it come last."""
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
    """The text in which words are looked for."""
    params = " ".join(f"{key}={value}" for key, value in record.params.items())
    return f"{record.name} {record.experiment} {record.state.value} {params} {record.run_id}".lower()


def find_run(store: Any, study_name: str, trial: int | None = None) -> Any:
    """The MLflow run of a study's newest sweep, or of one of its trials, as a ``TrackedRun``.

    Raises ``RunNotFoundError`` where there is none: a script made the study, or its runs were deleted.
    """
    query = f"tags.`workbench.study` LIKE '{any_quote(study_name)}' AND "
    query += "tags.`workbench.goal` LIKE '%'" if trial is None else f"tags.`workbench.trial` = '{trial}'"
    found = [run for run in store.search(query=query, limit=5) if run.tags.get("workbench.study") == study_name]
    if not found:
        what = "no sweep" if trial is None else f"no run of trial {trial}"
        raise RunNotFoundError(f"Cannot find {what} of study {study_name!r} in the tracking store.")
    return found[0]
