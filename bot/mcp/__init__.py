"""MCP servers that the host lists: their tools become functions for models."""
