"""The items of the conversation."""
