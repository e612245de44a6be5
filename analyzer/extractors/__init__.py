"""Facts: one module per mechanism family. Extractors state what the app does and judge nothing."""
