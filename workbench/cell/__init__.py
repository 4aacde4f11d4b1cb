"""From a notebook cell to something that runs elsewhere: what it reads, and how that travels."""
