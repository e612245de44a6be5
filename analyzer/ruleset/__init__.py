"""Facts to findings: loads rules, evaluates them, and states what could not be evaluated."""
