"""The state of one run in the foreman."""
