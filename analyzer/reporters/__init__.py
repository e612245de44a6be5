"""What people and machines read: one module per format, all of them made from a scan result alone."""
