"""What data is: fingerprints of its content."""
