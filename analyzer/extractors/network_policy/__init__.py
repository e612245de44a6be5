"""The network security configuration: grammar, inheritance, and what the platform makes of it on each level."""

from analyzer.extractors.network_policy.build import (
    DescribePin,
    PinDescription,
    PolicyFacts,
    PolicyFile,
    build_policy,
)

__all__ = ["DescribePin", "PinDescription", "PolicyFacts", "PolicyFile", "build_policy"]
