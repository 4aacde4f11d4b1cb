"""The Ray cluster: connect to it, start a local one, watch its nodes."""
