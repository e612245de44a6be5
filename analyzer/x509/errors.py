"""What goes wrong when bytes are not the certificate, key or store that they look like."""


class UnreadableError(ValueError):
    """The bytes cannot be read as what they were taken for; the message says in a few words why."""
