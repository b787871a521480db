"""What answers took, as people may see it."""
