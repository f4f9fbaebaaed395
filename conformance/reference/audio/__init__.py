"""What the reference endpoint hears and says."""
