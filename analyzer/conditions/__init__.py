"""Conditions and texts over facts, in CEL: compiled, checked against the facts' types, evaluated."""
