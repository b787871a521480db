"""What moderators set for their places: one declaration each, and all that comes of it."""
