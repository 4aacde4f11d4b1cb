"""The Python API: one module for each verb that a notebook, a script or the command line calls."""
