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
    Option("--endpoint", "The endpoint to play against; without it the embedded reference.", "URL"),
    Option("--relay", "A gateway under test: we are its client, and its upstream (docs/gateways).", "URL"),
    Option("--upstream-listen", "Where our upstream listens (default 127.0.0.1:9100).", "HOST:PORT"),
    Option("--upstream-token", "The key with which the gateway dials us (default: the client's own).", "KEY"),
    Option("--tls-cert", "Certificate and key of our upstream (PEM), or self-signed.", "FILE"),
    Option("--direct", "The gateway's upstream without it: only what the gateway changes counts.", "URL"),
    Option("--gateway-log", "A file that the gateway writes its log to: no key may stand there.", "FILE"),
    Option("--balance-url", "Tells what a tenant of the gateway has used or left, in JSON.", "URL"),
    Option("--balance-command", "Prints the same.", "COMMAND"),
    Option("--balance-path", "Where the number is in that JSON, e.g. data.used.", "PATH"),
    Option("--balance-header", "A header for --balance-url; may be repeated.", "'Name: value'", action="append"),
    Option("--model", "Value of `?model=` (default: one that the endpoint lists, or the usual ones).", "NAME"),
    Option("--transcriber", "The model for input transcription (default: a usual one that is taken).", "NAME"),
    Option("--voice", "The voice, and with a comma another one (default: usual ones that are taken).", "NAME[,NAME]"),
    Option("--token", "The key. Better: the environment variable REALTIME_TOKEN.", "KEY"),
    Option("--token-env", "The environment variable that holds the key (default REALTIME_TOKEN).", "NAME"),
    Option("--token-file", "A file with the key in its first line.", "FILE"),
    Option("--token-command", "A command that prints the key.", "COMMAND"),
    Option("--token-for", "Somebody else's key: restricted, exhausted or other-tenant.", "NAME=KEY", action="append"),
    Option("--tool-server", "A tool server (MCP) that the endpoint can reach; its tools are called.", "URL"),
    Option("--auth", "How the key is offered: bearer, query-token, query-api_key, …, or all.", "STYLE"),
    Option("--dialect", "Protocol revision; auto (the default) looks at the first events.", choices=DIALECTS),
    Option("--profile", "What the endpoint's documents promise: a bundled one, or a file.", "NAME|FILE"),
    Option("--no-waivers", "Judge what the profile excuses, too: the naked difference.", action="store_true"),
    Option("--sessions", "Conversations at once (default 16).", "N", int),
    Option("--strict-conformance", "SHOULD findings fail too (as with --strict).", action="store_true"),
    Option("--allow-unproven", "Skip promised rules that were not exercised.", action="store_true"),
    Option("--strict-evidence", "Evidence that the model did not bring about counts as missing.", action="store_true"),
    Option("--no-discovery", "Do not ask what is not offered: everything is claimed.", action="store_true"),
    Option("--ca-file", "Certificate authority that signed the endpoint's certificate.", "FILE"),
    Option("--insecure", "Do not check the endpoint's certificate.", action="store_true"),
    Option("--header", "A further header of every upgrade; may be repeated.", "'Name: value'", action="append"),
    Option("--secret-header", "The same, and its value is scrubbed like a key.", "'Name: value'", action="append"),
    Option("--connect-timeout", "Seconds to wait for the upgrade (default 10).", "SECONDS", float),
    Option("--answer-timeout", "Seconds of silence to bear (default 20, more if slow).", "SECONDS", float),
    Option("--line", "A bad line: delay=150ms,jitter=50ms,rate=256k,slow-reader,drop=0.001,seed=1.", "PROPERTIES"),
    Option("--max-message", "Bytes that one message of the endpoint may have (docs/bounds.md).", "BYTES", int),
    Option("--max-received", "Bytes that one connection may receive (docs/bounds.md).", "BYTES", int),
    Option("--max-events", "Messages that one connection may receive (docs/bounds.md).", "N", int),
    Option("--baseline", "Known failures: excused as long as they fail as listed (docs/baseline.md).", "FILE"),
    Option("--update-baseline", "Write the baseline as this run found it.", action="store_true"),
    Option("--plan", "Say what would be played and what it could cost; connect to nothing.", action="store_true"),
    Option("--max-tokens", "Begin nothing that could bring the run above so many tokens.", "N", int),
    Option("--max-sessions", "Begin nothing that could bring the run above so many connections.", "N", int),
    Option("--max-time", "End the run after so many seconds (default 900).", "SECONDS", float),
    Option("--max-usd", "Begin nothing that could bring the run above so many US dollars.", "DOLLARS", float),
    Option("--prices", "A table of prices instead of the bundled one (conformance/run/prices.yaml).", "FILE"),
    Option("--retries", "Repetitions when the environment (default 2) or the model (1) gets in the way.", "N", int),
    Option("--retry-unexpected", "Repetitions of a conversation that fails unexpectedly (default 0).", "N", int),
    Option("--examples", "Generated examples of each kind (default 40, of a remote endpoint 10; 0: none).", "N", int),
    Option("--shrink-sessions", "Connections for making found cases small (default 300, remote 30).", "N", int),
    Option("--seed", "Generate the same examples again (the header of a run names its seed).", "N", int),
    Option("--soak", "Instead of the suite: so many judged conversations at once (docs/load.md).", "SESSIONS", int),
    Option("--for", "How long --soak begins conversations, e.g. 60s or 5m (default 60s).", "TIME"),
    Option("--certify", "Play everything three times and write a certificate that anybody can recompute.", "FILE.zip"),
    Option("--reports", "Where traces, report.json and allure-results go (default reports/).", "DIR"),
)
