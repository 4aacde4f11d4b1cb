"""The gateway actor: publish, route, scale, judge and recover endpoints."""
