"""The state of one run as the foreman keeps it."""
