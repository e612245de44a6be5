"""Probing and recorded chains: the only folder that may open sockets. Nothing here yet."""
