"""A client of an endpoint: encode the input, ask, decode the answer."""
