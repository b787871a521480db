"""From a growing text to Discord messages."""
