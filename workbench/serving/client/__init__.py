"""A client of an endpoint: encode the input, send the request, decode the answer."""
