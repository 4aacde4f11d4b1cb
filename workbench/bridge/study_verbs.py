"""Optuna's studies, ours and those that scripts made."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from workbench.errors import TrackingError
from workbench.project import Project


class StudyVerbs:
    """Verbs about studies."""

    project: Project

    def studies(self) -> dict[str, Any]:
        """All studies of the project's storages, newest first; storages that cannot be read are named."""
        from workbench.sweeps.storages import storage_urls
        from workbench.sweeps.studies import studies_of

        found, problems = [], []
        for url in storage_urls(self.project.settings):
            try:
                found += studies_of(url)
            except TrackingError as error:
                problems.append(str(error))
        found.sort(key=lambda study: study.started_at or 0.0, reverse=True)
        return {"studies": [asdict(study) for study in found], "problems": problems}
