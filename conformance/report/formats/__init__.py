"""The files that every run leaves, one module each: the module is the registration."""
