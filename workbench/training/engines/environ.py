"""The environment of a rank, whichever engine started it."""

from __future__ import annotations

from workbench.records.runs import Resources


def torchrun_environ(
    *,
    rank: int,
    local_rank: int,
    node_rank: int,
    local_world_size: int,
    world_size: int,
    address: str,
    port: int,
    attempt: int,
    run_id: str,
) -> dict[str, str]:
    """Return the environment that ``torchrun`` would set for a rank.

    Source: https://docs.pytorch.org/docs/stable/elastic/run.html#environment-variables
    """
    return {
        "RANK": str(rank),
        "LOCAL_RANK": str(local_rank),
        "GROUP_RANK": str(node_rank),
        "ROLE_RANK": str(rank),
        "ROLE_NAME": "default",
        "LOCAL_WORLD_SIZE": str(local_world_size),
        "WORLD_SIZE": str(world_size),
        "GROUP_WORLD_SIZE": str(max(1, world_size // max(1, local_world_size))),
        "ROLE_WORLD_SIZE": str(world_size),
        "MASTER_ADDR": address,
        "MASTER_PORT": str(port),
        "TORCHELASTIC_RESTART_COUNT": str(attempt - 1),
        "TORCHELASTIC_MAX_RESTARTS": "0",
        "TORCHELASTIC_RUN_ID": run_id,
        "TORCHELASTIC_USE_AGENT_STORE": "False",
    }


def threads_for(resources: Resources, cores: int, ranks_on_node: int) -> int:
    """Return how many threads a rank's numerical libraries may use.

    Those reserved with ``--cpus-per-worker``, else the node's cores shared by its ranks.
    """
    if resources.cpus_per_worker is None:
        return max(1, cores // ranks_on_node)
    return max(1, int(resources.cpus_per_worker))
