"""Tools: one function that is a slash command for people and a function for the model."""
