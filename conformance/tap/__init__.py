"""A recording proxy: it passes bytes on as they are, and leaves a trace of each session."""
