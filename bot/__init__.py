"""Parley's engine: runs, providers, replies and the store; it knows no command."""

VERSION = "0.1.0"
