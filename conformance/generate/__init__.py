"""Generated examples: Hypothesis draws session settings and whole conversations, and what breaks a rule becomes a script."""
