"""A Discord and a model provider on loopback, over real sockets, with a page to chat in."""
