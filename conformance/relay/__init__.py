"""A gateway under test stands between us and us: we are its client, and the upstream that it dials."""
