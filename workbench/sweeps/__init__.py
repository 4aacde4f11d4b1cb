"""Studies: found wherever Optuna keeps them."""
