"""The order of the events inside a response: a table, and the engine that reads it."""
