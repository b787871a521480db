"""Benchmarks that anyone can run: the real bot, against the sandbox, over sockets."""
