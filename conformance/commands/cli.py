"""The command `realtime-conformance`: all that is not a run of the suite (that is pytest's)."""

from __future__ import annotations

import io
import os
import sys
import traceback
from contextlib import suppress
from errno import ENOSPC
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from conformance.commands.closed_output import PipedGroup, silent_when_left
from conformance.commands.finished_runs import COMMANDS
from conformance.commands.option_pairs import only_with, refuse_empty
from conformance.errors import ConformanceError, UnreachableError, UsageError
from conformance.report.inert import inert
from conformance.resources import dialect_names
from conformance.secrets import Scrubber, secrets_in

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Exit statuses (the same as those of a run).
CLEAN, FINDINGS, INTERRUPTED, BUG, MISUSED, UNREACHABLE = 0, 1, 2, 3, 4, 6
DIALECT = click.Choice(["auto", *dialect_names()])


@click.group(cls=PipedGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="realtime-conformance")
def command() -> None:
    """Test whether an endpoint conforms to the OpenAI Realtime protocol.

    The suite itself runs with pytest: pytest --endpoint=wss://host/v1/realtime
    """


@command.command(short_help="Judge recorded conversations.")
@click.argument("named", metavar="RECORDING...", nargs=-1, required=True)
@click.option("--dialect", type=DIALECT, default="auto", help="Protocol revision; auto: taken from the recording.")
@click.option("--profile", metavar="NAME|FILE", help="What the vendor documents: its waivers excuse what they name.")
@click.option(
    "--fail-on",
    type=click.Choice(["must", "should", "nothing"]),
    default="must",
    show_default=True,
    help="Which findings break a conversation.",
)
@click.option("--strict", is_flag=True, help="The same as --fail-on=should.")
@click.option(
    "--upstream",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The recording of the gateway's upstream: judge the pair.",
)
@click.option("--expect", default="", metavar="FILE|SCENARIO", help="The rules in its `proves:` must be proved.")
@click.option(
    "-j", "--jobs", default=1, show_default=True, type=click.IntRange(0, 512), help="Processes; 0: one for each core."
)
@click.option("--cluster", default="", metavar="ADDRESS|local", help="Judge on a Dask cluster: docs/corpora.md.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.option("--json-lines", is_flag=True, help="Print a JSON object for each conversation as it is judged.")
def check(named: Sequence[str], **asked: Any) -> None:
    """Judge recorded conversations: files, folders, patterns, URLs, or - for standard input.

    Reads traces, JSON lines, HAR, WebSocket cassettes and event logs, also compressed; the format is recognised
    from the content (docs/recordings.md).

    Exit status: 0 nothing that counts (--fail-on) is broken, 1 something is or, with --expect, is unproven,
    4 a file cannot be read, is not a Realtime conversation, or holds nothing to judge.
    """
    from os import cpu_count

    from conformance.commands.check import Inspection, demands_of, profile_asked

    profile = profile_asked(asked["profile"])
    demands = demands_of(asked, profile)
    if asked["upstream"] is not None:
        from conformance.commands.check_pair import check_pair

        only_with("--upstream", "named", "upstream", "profile", "fail_on", "strict")
        if len(named) != 1:
            raise UsageError("--upstream: a pair is one recording of the client and one of the upstream")
        text, status = check_pair(Path(named[0]), asked["upstream"], demands.fail_on, profile)
        click.echo(text, nl=False)
        sys.exit(status)
    form = "json" if asked["as_json"] else "json-lines" if asked["json_lines"] else "text"
    sys.exit(Inspection(named, demands, form, asked["jobs"] or cpu_count() or 1, asked["cluster"]).carry_out())


@command.command(short_help="Convert recordings to another format.")
@click.argument("recording", metavar="IN")
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
def convert(recording: str, target: Path) -> None:
    """Write recorded conversations in another format: .jsonl (also .gz), .har, .yaml (a cassette), .json.

    OUT may be a folder: it receives a trace for each conversation.  OUT may be -: traces go to standard output.
    IN is anything that `check` reads.
    """
    from conformance.commands import convert as conversion

    found = conversion.convert(recording, target)
    for remark in dict.fromkeys(each.remark for each in found if each.remark):
        click.echo(f"concluded: {remark}", err=True)
    told = f"{target}: {len(found)} conversation{'' if len(found) == 1 else 's'}"
    click.echo(told, err=target == conversion.STDOUT)


@command.command(short_help="Record real conversations with a proxy.")
@click.option("--listen", default="127.0.0.1:0", show_default=True, metavar="HOST:PORT", help="Port 0: any free one.")
@click.option("--to", required=True, metavar="URL", help="The endpoint: wss://host/v1/realtime")
@click.option("--out", default="recordings", show_default=True, type=click.Path(path_type=Path, file_okay=False))
@click.option("--ca-file", help="Certificate authorities (PEM) of the endpoint.")
@click.option("--insecure", is_flag=True, help="Do not check the endpoint's certificate.")
def tap(listen: str, to: str, out: Path, ca_file: str | None, insecure: bool) -> None:
    """Record real conversations with a proxy that forwards everything unchanged, until interrupted.

    Each session is written to the folder --out as a trace for `check`.  Credentials are forwarded, but never written.
    """
    from conformance.commands.tap import address, tap_forever, upstream_url
    from conformance.options.settings import usable_ca
    from conformance.tap.proxy import Tap

    host, port = address(listen)
    wanted = Tap(upstream_url(to), out, host, port, usable_ca(ca_file), insecure)
    tap_forever(wanted, click.echo)


@command.command(short_help="Run the reference endpoint as a server.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=0, show_default=True, help="0: the system chooses.", type=click.IntRange(0, 65535))
@click.option("--dialect", type=DIALECT, default="auto", show_default=True, help="auto: as the client requests.")
@click.option("--token", default="", envvar="REALTIME_TOKEN", help="The only key that is accepted (default: any).")
@click.option("--mutant", metavar="NAME", default="", help="Misbehave in one way: a mutant of `selftest`.")
@click.option(
    "--pace",
    type=click.Choice(["instant", "fast", "realtime"]),
    default="realtime",
    show_default=True,
    help="How fast answers flow.",
)
@click.option(
    "--refusal",
    type=click.Choice(["http", "close"]),
    default="http",
    show_default=True,
    help="How a bad key is refused: an HTTP status, or an error and a close code.",
)
@click.option("--without", default="", metavar="FEATURE,…", help="Refuse these, like an endpoint without them.")
@click.option("--quirks", default="", help="Imitate a real endpoint: real-openai-2026-09, real-azure-2026-09.")
@click.option("--script", type=click.Path(path_type=Path), help="A YAML file with the answers (docs/reference.md).")
@click.option("--cert", type=click.Path(path_type=Path), help="Certificate chain (PEM), to serve TLS.")
@click.option("--key", type=click.Path(path_type=Path), help="The certificate's private key (PEM).")
@click.option(
    "--upstream", metavar="SCENARIO", help="Act as the upstream of a gateway, as in this scenario (docs/gateways)."
)
@click.option("--traces", type=click.Path(path_type=Path), help="With --upstream: a folder for its traces.")
def serve(upstream: str | None, traces: Path | None, **asked: Any) -> None:
    """Run the reference endpoint until it is interrupted."""
    if upstream is not None:
        from conformance.commands.serve_upstream import serve_upstream

        only_with("--upstream", "upstream", "host", "port", "token", "traces")
        serve_upstream(upstream, asked["host"], asked["port"], asked["token"], traces, click.echo)
        return
    if traces is not None:
        raise UsageError("--traces needs --upstream", "The reference writes no traces: `tap` records conversations.")
    from conformance.commands.serve import features_of, serve_forever
    from conformance.reference.server.serving import Serving

    serve_forever(Serving(**{**asked, "without": features_of(asked["without"])}), click.echo)


@command.command(short_help="Print the features of an endpoint as a profile.")
@click.argument("url")
@click.option("--model", default=None, help="Value of ?model=")
@click.option("--token", default="", envvar="REALTIME_TOKEN", help="The key.")
@click.option("--auth", default="bearer", show_default=True, help="The auth style.")
@click.option("--dialect", type=DIALECT, default="auto", show_default=True, help="auto: from the first events.")
def discover(url: str, model: str | None, token: str, auth: str, dialect: str) -> None:
    """Ask an endpoint which features it offers, and print them as a profile for --profile=FILE.

    Exit status: 0 it was asked, 4 a bad option, 6 it opened no session.
    """
    from conformance.commands.discover import profile_of

    click.echo(profile_of(url, model, token, auth, dialect), nl=False)


@command.command(short_help="List the rules, or explain one.")
@click.argument("rule", required=False)
def rules(rule: str | None) -> None:
    """List the rules, or explain one: RULE is its id, a part of it, or a requirement it covers."""
    from conformance.commands.rules import detail, find, listing, listing_of, sample_of, several
    from conformance.rules import RULES
    from conformance.rules.rule_packs import packs

    if rule is None:
        click.echo(listing(RULES), nl=False)
        for pack in packs().values():
            click.echo(listing_of(pack), nl=False)
        return
    from conformance.mutants import MUTANTS
    from conformance.mutants.relays import RELAY_MUTANTS
    from conformance.relay.rules import PAIR_RULES, known_rules
    from conformance.scenario.load import library, load

    found, *others = find(known_rules(), rule)
    if others:
        click.echo(several([found, *others]), nl=False)
        return
    scripts = [load(path) for path in library(relayed=True)]
    proving = [script.id for script in scripts if found.id in script.proves]
    sample = {} if found.vendor or found.id in PAIR_RULES else sample_of(found.id)
    click.echo(detail(found, sample, chain(MUTANTS.values(), RELAY_MUTANTS.values()), proving), nl=False)


@command.command(short_help="Check that every mutant is detected by its rule.")
@click.argument("mutants", metavar="[MUTANT]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print the whole matrix as JSON.")
def selftest(mutants: Sequence[str], as_json: bool) -> None:
    """Check that every mutant is detected by the rule that it names, and by no other."""
    from conformance.commands.selftest import prove

    text, perfect = prove(mutants, as_json=as_json)
    click.echo(text)
    sys.exit(CLEAN if perfect else FINDINGS)


@command.command(short_help="Regenerate the generated pages in docs/.")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit status 1 if a page is out of date.")
def docs(only_check: bool) -> None:
    """Regenerate the generated pages of a checkout, in docs/."""
    from conformance.commands.docs import stale_pages

    stale = stale_pages()
    for path, text in stale.items():
        if not only_check:
            path.write_text(text, encoding="utf-8")
        click.echo(f"{'not current' if only_check else 'written'}: {path}")
    sys.exit(FINDINGS if only_check and stale else CLEAN)


@command.command(short_help="Check scenario files for mistakes.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
def lint(files: Sequence[Path]) -> None:
    """Check scenario files (or folders) for mistakes, unreachable steps and rules that they do not exercise.

    Nothing is sent to any endpoint: scenarios are played in memory against the reference endpoint.

    Exit status: 0 no mistake (there may be warnings), 4 mistakes.
    """
    from conformance.commands.lint import remarks, scripts_behind

    paths = [each for path in files for each in scripts_behind(path)]
    told = [each for path in paths for each in remarks(path)]
    for each in told:
        click.echo(str(each), err=True)
    wrong = sum(not each.warning for each in told)
    counts = {"file": len(paths), "mistake": wrong} | ({"warning": len(told) - wrong} if len(told) > wrong else {})
    click.echo(", ".join(f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items()))
    sys.exit(MISUSED if wrong else CLEAN)


for each in COMMANDS:
    command.add_command(each)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command; every error is one message."""
    with silent_when_left():
        _run(arguments)
    sys.exit(CLEAN)


def _run(arguments: Sequence[str] | None) -> None:
    given = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what an encoding lacks is told in another spelling, as pytest does
            stream.reconfigure(errors="backslashreplace")
    try:
        refuse_empty(given)
        command.main(args=arguments, prog_name="realtime-conformance", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(MISUSED)
    except ConformanceError as error:
        click.echo(inert(_scrubber(given)(f"error: {error}")), err=True)
        sys.exit(UNREACHABLE if isinstance(error, UnreachableError) else MISUSED)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except Exception as error:
        if isinstance(error, OSError) and (error.filename or error.errno == ENOSPC):  # a disk that is full, or not ours
            told = f"error: {error.filename or 'the output'}: {error.strerror}"
            click.echo(inert(_scrubber(given)(told)), err=True)
            sys.exit(MISUSED)
        click.echo(_scrubber(given)(traceback.format_exc()), err=True)
        click.echo("This is a bug in realtime-conformance: please report it with the lines above.", err=True)
        sys.exit(BUG)


def _scrubber(arguments: Sequence[str]) -> Scrubber:
    """Return a scrubber of the key and of the secrets in URLs on the command line; never fails."""
    secrets = [os.environ.get("REALTIME_TOKEN", "")]
    for before, each in zip(("", *arguments), arguments, strict=False):
        name, _, text = each.partition("=")
        secrets += [text] if name == "--token" else [each] if before == "--token" else []
        with suppress(ValueError):
            secrets += secrets_in(each)
    return Scrubber(tuple(filter(None, secrets)))
