"""MLflow inside a worker: its calls and its autologging land on the run that the cell is."""

from __future__ import annotations

import contextlib
import os
import sys


def worker_env(tracking_uri: str, run_id: str) -> dict[str, str]:
    """Variables for a worker process, so that ``mlflow.log_metric(...)`` finds the run by itself.

    MLflow takes ``MLFLOW_RUN_ID`` at its first ``start_run``, also at the one that its logging
    functions make by themselves.
    """
    return {
        "MLFLOW_TRACKING_URI": tracking_uri,
        "MLFLOW_RUN_ID": run_id,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "false",
    }


def settle(run_id: str) -> None:
    """After the cell's last line: write out what MLflow still holds and let go of the run without ending it.

    The foreman alone decides the run's final status. Runs that the cell began itself are ended.
    """
    if "mlflow" not in sys.modules:
        return
    import mlflow

    with contextlib.suppress(Exception):
        mlflow.flush_async_logging()
    while (active := mlflow.active_run()) is not None:
        if active.info.run_id == run_id:
            _forget_active()
        else:
            mlflow.end_run()
    os.environ.pop("MLFLOW_RUN_ID", None)


def _forget_active() -> None:
    """Take the innermost run off MLflow's stack; ``mlflow.end_run`` would also end it in the store."""
    from mlflow.tracking.fluent import _active_run_stack

    _active_run_stack.get().pop()
