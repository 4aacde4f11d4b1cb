"""The cluster, the foreman and the crews: the only part of Workbench that imports Ray."""
