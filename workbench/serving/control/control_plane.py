"""The control plane: the parts that publish, route, scale and recover endpoints, put together."""

from __future__ import annotations

from workbench.cluster.background import BackgroundTasks
from workbench.serving.control.canary_judge import CanaryJudge
from workbench.serving.control.deployer import Deployer
from workbench.serving.control.endpoint_admin import EndpointAdmin
from workbench.serving.control.endpoint_log import EndpointLogs
from workbench.serving.control.endpoints import Endpoints
from workbench.serving.control.figures import FigureRecorder
from workbench.serving.control.gateway_state import GatewayState
from workbench.serving.control.history_writer import HistoryWriter
from workbench.serving.control.publication import Publisher
from workbench.serving.control.recovery import Recovery
from workbench.serving.control.replica_events import ReplicaEvents
from workbench.serving.control.replica_scaler import ReplicaScaler
from workbench.serving.control.routing import Router
from workbench.serving.control.startup import VersionStarter
from workbench.serving.control.upkeep import Upkeep
from workbench.serving.dataplane.data_plane import DataPlane


class ControlPlane:
    """The parts of the control plane; each knows only the parts that it needs.

    Args:
        plane: The data plane that is controlled.
        deployer: Ray Serve's applications.
        state: The gateway's own file.
    """

    def __init__(self, plane: DataPlane, deployer: Deployer, state: GatewayState) -> None:
        self.tasks = tasks = BackgroundTasks()
        self.endpoints = endpoints = Endpoints()
        self.history = history = HistoryWriter()
        logs = EndpointLogs()
        self.figures = figures = FigureRecorder(endpoints, plane, history)
        self.router = router = Router(endpoints, plane, deployer, history, figures, logs, tasks)
        self.canaries = canaries = CanaryJudge(endpoints, plane, router)
        replica_scaler = ReplicaScaler(endpoints, plane, deployer, logs, tasks)
        starter = VersionStarter(endpoints, state, plane, deployer, logs)
        self.publisher = Publisher(endpoints, state, starter, router, canaries, figures, history, tasks)
        self.admin = EndpointAdmin(endpoints, plane, deployer, router, replica_scaler, figures, history)
        self.recovery = Recovery(endpoints, state, plane, deployer, starter, figures, tasks)
        self.upkeep = Upkeep(endpoints, replica_scaler, canaries, figures)
        self.replica_events = ReplicaEvents(endpoints, logs)
