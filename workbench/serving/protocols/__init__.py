"""HTTP and gRPC: the protocols in which an endpoint answers."""
