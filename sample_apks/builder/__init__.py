"""Builds the sample apps; see the README beside it."""
