"""The heart: what a run is, who drives it, and what of the conversation it sees."""
