"""What the chapters are written in: rules, verdicts, requirements, and what several chapters ask of a view."""
