"""Left of the trace: I/O, time and chance.  A player drives a scenario's steps over a connection and records it."""
