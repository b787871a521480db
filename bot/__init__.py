"""Parley's engine: runs, providers, replies and the store; it knows no command."""
