"""Bytes to one app: container, manifest, resources and XML. The only folder that knows androguard."""
