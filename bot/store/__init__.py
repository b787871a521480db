"""SQLAlchemy Core on aiosqlite: one module per noun."""
