"""One stream of events over every wire format."""
