"""What people say and ask, and what becomes of it until it is stored."""
