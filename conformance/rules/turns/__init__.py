"""Turns of detected speech."""
