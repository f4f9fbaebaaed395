"""Scenario scripts: the smallest conversation that proves its rules, written once for both dialects."""
