"""The gateway's request path: endpoints, traffic split, replicas, limits and figures."""
