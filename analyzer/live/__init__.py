"""Probing and recorded chains: the only folder that may open sockets, and only when a user asks for it."""
