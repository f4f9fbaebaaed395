"""The reference endpoint: a second, independent reading of the specification, which also answers on a socket."""
