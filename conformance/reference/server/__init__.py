"""The reference endpoint behind a connection: admission, socket, loopback, program."""
