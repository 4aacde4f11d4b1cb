"""What a run looks like in a notebook and in a terminal."""
