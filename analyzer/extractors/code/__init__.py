"""Facts read from bytecode, one module per mechanism family."""
