"""DEX files as tables: the only folder that knows numpy."""
