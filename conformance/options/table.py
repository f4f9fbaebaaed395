"""The options, one line each.  Imported in every pytest run: nothing but the standard library."""

from __future__ import annotations

from typing import NamedTuple

from conformance.resources import dialect_names

DIALECTS = ("auto", *dialect_names())


class Option(NamedTuple):
    """One command line option."""

    flag: str
    help: str
    metavar: str | None = None
    type: type = str
    action: str = "store"
    choices: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        """The flag without its dashes: what messages and `Given` call it."""
        return self.flag.removeprefix("--")


OPTIONS = (
    Option("--endpoint", "The endpoint to test (default: the embedded reference endpoint).", "URL"),
    Option("--relay", "A gateway to test: the suite is its client and its upstream (docs/gateways).", "URL"),
    Option("--upstream-listen", "Address on which the suite's upstream listens (default 127.0.0.1:9100).", "HOST:PORT"),
    Option("--upstream-token", "The key that the gateway uses for the upstream (default: the client's key).", "KEY"),
    Option("--tls-cert", "Certificate and key of the suite's upstream (PEM), or self-signed.", "FILE"),
    Option("--direct", "The real upstream: its own failures are not counted against the gateway.", "URL"),
    Option("--gateway-log", "The gateway's log file; keys that appear in it are reported.", "FILE"),
    Option("--balance-url", "JSON URL with the usage or balance of a tenant of the gateway.", "URL"),
    Option("--balance-command", "A command that prints that JSON.", "COMMAND"),
    Option("--balance-path", "Path of the number in that JSON, e.g. data.used.", "PATH"),
    Option("--balance-header", "A header for --balance-url; may be repeated.", "'Name: value'", action="append"),
    Option("--model", "Value of `?model=` (default: a listed model, or a common name that works).", "NAME"),
    Option("--transcriber", "The model for input transcription (default: the first common one accepted).", "NAME"),
    Option("--voice", "One or two voices, separated by a comma (default: common ones that work).", "NAME[,NAME]"),
    Option("--token", "The key. Prefer the environment variable REALTIME_TOKEN.", "KEY"),
    Option("--token-env", "The environment variable that holds the key (default REALTIME_TOKEN).", "NAME"),
    Option("--token-file", "A file with the key in its first line.", "FILE"),
    Option("--token-command", "A command that prints the key.", "COMMAND"),
    Option("--token-for", "A further key: restricted, exhausted or other-tenant.", "NAME=KEY", action="append"),
    Option("--tool-server", "A tool server (MCP) that the endpoint can reach; its tools are called.", "URL"),
    Option("--auth", "How the key is sent: bearer, query-token, query-api_key, …, or all.", "STYLE"),
    Option("--dialect", "Protocol revision; auto (the default) recognises it from the first events.", choices=DIALECTS),
    Option("--profile", "What the vendor documents: the name of a bundled profile, or a file.", "NAME|FILE"),
    Option("--no-waivers", "Ignore the profile's waivers.", action="store_true"),
    Option("--sessions", "Conversations played in parallel (default 16).", "N", int),
    Option("--strict-conformance", "SHOULD findings fail too (as with --strict).", action="store_true"),
    Option("--allow-unproven", "Do not fail because a promised rule was not exercised.", action="store_true"),
    Option("--strict-evidence", "Fail inconclusive conversations (docs/exit-statuses.md).", action="store_true"),
    Option("--no-discovery", "Do not ask for the supported features: test all of them.", action="store_true"),
    Option("--ca-file", "Certificate authority that signed the endpoint's certificate.", "FILE"),
    Option("--insecure", "Do not check the endpoint's certificate.", action="store_true"),
    Option("--header", "A further header of every upgrade; may be repeated.", "'Name: value'", action="append"),
    Option("--secret-header", "The same, and its value is scrubbed like a key.", "'Name: value'", action="append"),
    Option("--connect-timeout", "Seconds to wait for the upgrade (default 10).", "SECONDS", float),
    Option("--answer-timeout", "Seconds of silence allowed (default 20, more if slow).", "SECONDS", float),
    Option("--line", "Simulate a bad network: delay=150ms,jitter=50ms,rate=256k,drop=0.001,seed=1.", "PROPERTIES"),
    Option("--max-message", "Maximum size of one message from the endpoint (docs/bounds.md).", "BYTES", int),
    Option("--max-received", "Maximum bytes received on one connection (docs/bounds.md).", "BYTES", int),
    Option("--max-events", "Maximum messages received on one connection (docs/bounds.md).", "N", int),
    Option("--baseline", "Known failures: they do not fail the run (docs/baseline.md).", "FILE"),
    Option("--update-baseline", "Update the baseline from the failures of this run.", action="store_true"),
    Option("--plan", "Print what would be played and its maximum cost, without connecting.", action="store_true"),
    Option("--max-tokens", "Token budget: start nothing that could exceed it.", "N", int),
    Option("--max-sessions", "Connection budget: start nothing that could exceed it.", "N", int),
    Option("--max-time", "Time budget: end the run after so many seconds (default 900).", "SECONDS", float),
    Option("--max-usd", "Cost budget in US dollars: start nothing that could exceed it.", "DOLLARS", float),
    Option("--prices", "A price table instead of the bundled one (conformance/run/prices.yaml).", "FILE"),
    Option("--retries", "Retries after trouble with the environment (default 2) or the model (1).", "N", int),
    Option("--retry-unexpected", "Retries of a conversation that fails unexpectedly (default 0).", "N", int),
    Option("--examples", "Generated examples of each kind (default 40, for a remote endpoint 10; 0: none).", "N", int),
    Option("--shrink-sessions", "Connections for minimising failing examples (default 300, remote 30).", "N", int),
    Option("--seed", "Repeat the generated examples of a run (its header prints the seed).", "N", int),
    Option("--soak", "Load test with so many parallel conversations (docs/load.md).", "SESSIONS", int),
    Option("--for", "Duration of --soak, e.g. 60s or 5m (default 60s).", "TIME"),
    Option("--certify", "Play the suite three times and write a certificate (docs/certificates.md).", "FILE.zip"),
    Option("--reports", "Folder for the reports and traces (default reports/).", "DIR"),
)
