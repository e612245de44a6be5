"""Many targets: runs the pipeline for each and keeps them apart."""
