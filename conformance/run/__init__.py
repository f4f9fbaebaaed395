"""What a release pipeline relies on: exit statuses, known failures, budgets, and the environment told from guilt."""
