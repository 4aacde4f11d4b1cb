"""Magics, completion and live views in IPython."""
