"""Hard caps: what may be used of tokens, money and questions, by whom, and for how long they count."""
