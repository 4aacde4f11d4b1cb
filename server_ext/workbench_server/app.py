"""The server extension: routes below ``/workbench/api`` and events, all answered by the bridge process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Type

from workbench_server.bridge import Bridge
from workbench_server.routes import handlers, pages

EVENT_SCHEMA = "https://schema.jupyter-ml-workbench.dev/runs/v1"
_SCHEMA_FILE = Path(__file__).parent / "event_schemas" / "runs-v1.yaml"


class WorkbenchApp(ExtensionApp):
    """Register the routes; import none of Ray, MLflow, Optuna, torch."""

    name = "workbench"
    extension_url = "/workbench"
    load_other_extensions = True

    bridge_class = Type(Bridge, klass=Bridge, help="What answers the routes.").tag(config=True)

    def initialize_settings(self) -> None:
        """Prepare the bridge, which starts when the first route is asked, and the events' schema."""
        assert self.serverapp is not None
        self.serverapp.event_logger.register_event_schema(_SCHEMA_FILE)
        folder = Path(self.serverapp.root_dir).expanduser()
        self.bridge = self.bridge_class(folder, self._emit, parent=self)
        self.settings["workbench_bridge"] = self.bridge

    def initialize_handlers(self) -> None:
        """Register the handlers of :mod:`workbench_server.routes`."""
        self.handlers.extend([*handlers(), *pages()])

    def _emit(self, event: dict[str, Any]) -> None:
        assert self.serverapp is not None
        self.serverapp.event_logger.emit(schema_id=EVENT_SCHEMA, data=event)

    async def stop_extension(self) -> None:
        """End the bridge with the server; the cluster and its runs go on."""
        await self.bridge.close()
