"""What is streamed: its integrity, and that the deltas make the whole."""
