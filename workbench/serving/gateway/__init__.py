"""The gateway: where all requests to endpoints come in."""
