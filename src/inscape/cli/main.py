"""The `inscape` command: verbs, and the one place where errors become exit codes."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import typer

from inscape.cli.command import asking, command
from inscape.cli.studio import StudioRequest, studio
from inscape.errors import CancelledError, InscapeError
from inscape.memory import keep_freed_memory
from inscape.verbs import GROUPS, NAMES, verb

VERBS = (*NAMES, "studio")
"""In the order of `--help`; the studio alone is no verb, for it answers until it is interrupted."""

app = typer.Typer(
    name="inscape",
    help="Open a neural network, see what its parts do, and change what it does.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
    if version:
        from inscape import __version__

        typer.echo(f"inscape {__version__}")
        raise typer.Exit


_commands = {"": app} | {
    name: typer.Typer(help=help, no_args_is_help=True, rich_markup_mode=None) for name, help in GROUPS.items()
}
for _name in NAMES:
    _group, _, _word = _name.rpartition(" ")
    _commands[_group].command(_word)(command(verb(_name)))
for _group in GROUPS:
    app.add_typer(_commands[_group], name=_group)
app.command("studio")(asking(StudioRequest, inspect.getdoc(StudioRequest) or "", studio))


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: What follows `inscape`.

    Returns:
        The exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
    """
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        result = app(args=arguments, prog_name="inscape", standalone_mode=False)
        if result == CancelledError.exit_code:  # typer turns Ctrl-C into an exit of its own
            raise KeyboardInterrupt
        return result if isinstance(result, int) else 0
    except InscapeError as error:
        if debug:
            raise
        return _complain(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort, EOFError):
        return _complain("Interrupted; nothing half-written was kept.", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except MemoryError:
        return _complain("The machine has not enough memory. Use fewer pictures.", 1)
    except Exception as error:
        if _is_usage(error):
            return _explain_usage(error)
        if debug:
            raise
        return _complain(
            f"An error of Inscape itself: {type(error).__name__}: {error}. Run again with --debug.", 1
        )


def _is_usage(error: Exception) -> bool:
    """Whether it is click's own; some releases of typer carry click, others depend on it."""
    return any(base.__name__ == "ClickException" for base in type(error).__mro__)


def _explain_usage(error: Any) -> int:
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stdout.write(error.ctx.get_help() + "\n")
        return 2
    return _complain(error.format_message(), 2)


def _complain(sentence: str, code: int) -> int:
    sys.stderr.write(f"inscape: {' '.join(sentence.split())}\n")
    return code


def main() -> NoReturn:
    """The entry point of the `inscape` command."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    keep_freed_memory()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
