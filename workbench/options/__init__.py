"""The options of train, sweep and publish, and their parsers."""
