"""The reference endpoint: a second, independent reading of the specification, in memory or on a socket."""
