"""Runs, endpoints and lists of them as text and HTML."""
