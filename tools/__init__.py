"""Generators and checks that developers and CI run; not part of the distribution."""
