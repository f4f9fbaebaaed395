"""The input audio buffer."""
