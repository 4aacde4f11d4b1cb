"""The work behind ``%runs``, ``%workbench``, ``%endpoints`` and the command line."""
