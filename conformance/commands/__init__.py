"""The command `realtime-conformance`: a module for each subcommand."""
