"""Runs on the cluster: their specification, the foreman, the engines and the worker processes."""
