"""Responses: how they are asked for, what they say of themselves, how they are cancelled."""
