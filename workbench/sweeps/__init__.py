"""Sweeps as Optuna studies: search spaces, trials for teams of workers, and studies of any origin."""
