"""Values and flow: what reaches an argument, what a method returns, where an object goes, and what can run.

`Resolver` answers what a value is, across methods; `Wiring` where an object goes; `Reachability` whether a method can
run; `Evaluator` what is known inside one method. Everything is computed on demand and within `FlowLimits`.
"""
