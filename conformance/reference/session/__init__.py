"""One session of the reference endpoint: no socket, no clock."""
