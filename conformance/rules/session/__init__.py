"""The session: opened and shown, updated, and updates that are refused."""
