"""Which slash commands there are, at Discord and for whom."""
