"""MLflow as the record of runs: the only part of Workbench that imports it."""
