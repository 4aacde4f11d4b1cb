"""Records as text and HTML."""
