"""Tools of those who work on Workbench; none of them is installed."""
