"""Recorded conversations, few or millions: where they lie, what they are, and the verdicts on them."""
