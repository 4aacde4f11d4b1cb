"""Endpoints: models published from the registry, run by Ray Serve, reached through one gateway."""
