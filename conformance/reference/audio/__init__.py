"""What the reference endpoint receives and sends as audio."""
