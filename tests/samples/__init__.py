"""The sample apps, from package to verdict."""
