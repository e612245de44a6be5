"""Conditions and templates."""
