"""The foreman: the detached actor that owns the queue, the crews and what is known of each run."""
