"""Parley's engine: runs, providers, replies and the store; it knows no command."""

__version__ = "0.1.0"
