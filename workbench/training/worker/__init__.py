"""A worker process: one rank of one run, from its assignment to its outcome."""
