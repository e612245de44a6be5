"""Certificates, keys, key stores, trust stores and the paths between them: the only folder that knows cryptography."""
