"""The inside of a replica: a model, and the thread that answers requests with it."""
