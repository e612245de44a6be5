"""Every rule file is proved by its own samples."""
