"""Ray Jobs of a cluster, submitted with Ray's own tools."""

from __future__ import annotations

from workbench.errors import ClusterError
from workbench.records.cluster import RayJob
from workbench.records.runs import RunState

_STATES = {
    "PENDING": RunState.QUEUED,
    "RUNNING": RunState.RUNNING,
    "SUCCEEDED": RunState.FINISHED,
    "FAILED": RunState.FAILED,
    "STOPPED": RunState.STOPPED,
}


def jobs(url: str, token: str) -> list[RayJob]:
    """Return the jobs that a cluster's dashboard knows, newest first.

    Args:
        url: The dashboard's address.
        token: The token that it asks for, empty for none.
    """
    from ray.job_submission import JobSubmissionClient

    try:
        client = JobSubmissionClient(url, headers={"Authorization": f"Bearer {token}"} if token else None)
        found = client.list_jobs()
    except (RuntimeError, ConnectionError) as error:
        raise ClusterError(f"Cannot list the jobs of the cluster at {url}: {error}") from error
    rows = [
        RayJob(
            job_id=job.submission_id,
            entrypoint=job.entrypoint,
            state=_STATES.get(str(job.status.value), RunState.RUNNING),
            message=job.message or "",
            started_at=job.start_time / 1000 if job.start_time else None,
            ended_at=job.end_time / 1000 if job.end_time else None,
        )
        for job in found
        if job.submission_id
    ]
    return sorted(rows, key=lambda job: job.started_at or 0.0, reverse=True)
