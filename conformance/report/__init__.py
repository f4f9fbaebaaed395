"""Dedup people: what was found, where, and how to see it again.  Floors below only; never pytest."""
