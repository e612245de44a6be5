"""Certificates, keys and chains: the only folder that may know cryptography. Nothing here yet."""
