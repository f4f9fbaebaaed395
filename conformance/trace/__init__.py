"""What was said: the immutable record in the middle of everything, and the pure functions over it."""
