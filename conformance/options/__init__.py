"""What can be said on the command line, and what is made of it: no pytest, so that any front end can use it."""
