"""MLflow inside a worker: its calls and its autologging go to the cell's run."""

from __future__ import annotations

import contextlib
import os
import sys

from workbench.tracking.mlflow_compat import forget_active_run


def worker_env(tracking_uri: str, run_id: str) -> dict[str, str]:
    """Return environment variables of a worker process with which ``mlflow.log_metric(...)`` finds the run by itself.

    MLflow takes ``MLFLOW_RUN_ID`` at its first ``start_run``, also at the one that its logging functions make.
    """
    return {
        "MLFLOW_TRACKING_URI": tracking_uri,
        "MLFLOW_RUN_ID": run_id,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "false",
    }


def settle(run_id: str) -> None:
    """Write out what MLflow still buffers and let go of the run without ending it, after the cell's last line.

    The foreman alone decides the run's final status. Runs that the cell started itself are ended.
    """
    if "mlflow" not in sys.modules:
        return
    import mlflow

    with contextlib.suppress(Exception):
        mlflow.flush_async_logging()
    while (active := mlflow.active_run()) is not None:
        if active.info.run_id == run_id:
            forget_active_run()
        else:
            mlflow.end_run()
    os.environ.pop("MLFLOW_RUN_ID", None)
