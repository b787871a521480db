"""How Alembic runs our migrations: inside the transaction that bot.store.migrate has begun."""

from __future__ import annotations

from alembic import context

from bot.store.schema import metadata

# SQLite alters a table by making it anew, which Alembic calls a batch.
context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)

with context.begin_transaction():
    context.run_migrations()
