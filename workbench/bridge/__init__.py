"""The bridge: a process beside the Jupyter server that imports Ray and MLflow, so that the server need not."""
