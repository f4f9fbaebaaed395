"""Generated examples: Hypothesis draws settings and conversations; what breaks a rule becomes a script."""
