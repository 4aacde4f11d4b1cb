"""Where the pages of MLflow, Ray and Optuna are; they are started where they are not up."""

from __future__ import annotations

from typing import Any

from workbench.api.project import Project
from workbench.cluster.pages_server import PagesServer
from workbench.errors import OptionError


class DashboardVerbs:
    """Verbs about other projects' pages."""

    project: Project
    servers: dict[str, PagesServer]

    def dashboard(self, name: str, storage: str = "", prefix: str = "") -> dict[str, Any]:
        """The address of pages, for a server to pass requests on to.

        Args:
            name: ``mlflow``, ``ray`` or ``optuna``.
            storage: The ``storage_id`` of a study, for Optuna's.
            prefix: The path below which the pages are seen.

        Returns:
            ``url``, and the ``token`` that it asks for (empty for none).
        """
        if name == "ray":
            from workbench.cluster.dashboard import dashboard

            connection = self.project.connection(start=False)
            url, token = dashboard(connection.address, connection.dashboard)
            return {"url": url, "token": token}
        if name == "mlflow":
            from workbench.tracking import ui

            settings = self.project.settings
            if not settings.is_embedded_tracking:
                return {"url": ui.serve(settings), "token": ""}
            return self._served(name, ui.pages(settings))
        if name == "optuna":
            from workbench.sweeps.dashboard import pages

            return self._served(name + storage, pages(self.project.settings, self._storage_url(storage), prefix))
        raise OptionError(f"Cannot open {name!r}: there are mlflow, ray and optuna.")

    def _served(self, key: str, server: PagesServer) -> dict[str, Any]:
        known = self.servers.setdefault(key, server)
        return {"url": known.url(), "token": ""}

    def _storage_url(self, storage: str) -> str:
        from workbench.sweeps.storages import storage_urls
        from workbench.sweeps.studies import storage_id

        for url in storage_urls(self.project.settings):
            if storage_id(url) == storage:
                return url
        raise OptionError(f"Cannot open studies of {storage!r}: no storage of this project has that id.")
