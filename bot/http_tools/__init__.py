"""Tools that moderators register: each call is a signed request to an address of theirs."""
