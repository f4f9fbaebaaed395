"""What is owed: the dialects, the schemas, and what each vendor documents."""
