"""`cleaner learn`: a lexicon of a spinner from what it has written."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleaner.cli.options import usable_lexicon
from cleaner.cli.problems import Failure, Problems, complain, reason
from cleaner.reports.layout import number, readable_path

if TYPE_CHECKING:
    from cleaner.learning.job import Learner
    from cleaner.lexicon import Entry


@click.command(
    "learn",
    short_help="Learn a spinner's phrases from what it has written.",
    epilog="""\b
Examples:
  cleaner learn --pairs pairs.jsonl -o my.tsv
  cleaner check --lexicon my.tsv article.txt       use what was learned
  cleaner learn --pairs more.jsonl --fields before,after -o my.tsv --merge
  cleaner learn --spun spun-articles/ -o my.tsv    its output alone: some 200 articles
  cleaner lexicon lint my.tsv                      after editing the table by hand

pairs.jsonl holds one pair a line: {"original": "He said so.", "spun": "He mentioned so."}

Exit code: 0 done, 2 an error, 130 interrupted; --resume does the rest.""",
)
@click.option(
    "--pairs", multiple=True, metavar="FILE", help="JSON Lines with the original and the spun text of articles."
)
@click.option("--spun", multiple=True, metavar="PATH", help="Files or folders of articles, all of one spinner.")
@click.option(
    "--fields",
    default="original,spun",
    show_default=True,
    metavar="NAMES",
    callback=lambda context, parameter, value: _two(value),
    help="Fields of the original and of the spun text in --pairs.",
)
@click.option("-o", "--output", required=True, metavar="FILE", help="The table to write, as docs/learning.md has it.")
@click.option("--merge", is_flag=True, help="Add to the rows that the table has.")
@click.option("--resume", is_flag=True, help="Go on with an interrupted run.")
@click.option("--overwrite", is_flag=True, help="Start anew where there is a table or an interrupted run.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress and no summary.")
def command(
    pairs: tuple[str, ...],
    spun: tuple[str, ...],
    fields: tuple[str, str],
    output: str,
    merge: bool,
    resume: bool,
    overwrite: bool,
    quiet: bool,
) -> None:
    """Write a table of the phrases that a spinner swaps, for --lexicon and for people to look over.

    From pairs, phrases are aligned with what became of them.  Each row says how often a phrase became another one, and
    in how many articles; where both sides are equal, how often it was left alone.  From spun articles alone, which
    have to be spun throughout, the same is estimated with the thesaurus and the language model.
    """
    if bool(pairs) == bool(spun):
        raise click.UsageError("name what to learn from: either --pairs FILE or --spun PATH")
    if merge and overwrite:
        raise click.UsageError("--merge keeps the rows of the table, --overwrite drops them; give one of them")
    target = Path(output)
    before = _before(target, merge, overwrite)

    from cleaner.learning.job import State, StateError, learn
    from cleaner.learning.tables import merged, write

    learner = _pairs(pairs, fields) if pairs else _spun(spun)
    path = target.with_name(target.name + ".state")
    if overwrite:
        path.unlink(missing_ok=True)
    try:
        state = State(path, learner.job, resume=resume)
    except StateError as error:
        raise Failure(f"{readable_path(str(path))}: {error}") from None
    except OSError as error:
        raise Failure(
            f"{readable_path(str(path))}: cannot be written ({reason(error)}); mend the path after -o"
        ) from None
    try:
        with _progress(learner.parts, quiet) as watch:
            rows = learn(learner, state, watch)
    except KeyboardInterrupt:
        kept = f"{len(state.done)} of {number(learner.parts, 'part')} done"
        complain(f"stopped, {kept} and kept in {readable_path(str(path))}; go on with --resume")
        sys.exit(130)
    write(target, merged(before, rows))
    state.close()
    if not quiet:
        swaps = sum(row.original != row.spun for row in rows)
        what = f"{number(swaps, 'swap')} and {number(len(rows) - swaps, 'phrase')} left alone"
        click.echo(f"{readable_path(output)}: {what}, from {learner.source}", err=True)


def _two(value: str) -> tuple[str, str]:
    names = tuple(value.split(","))
    if len(names) != 2 or not all(names):
        raise click.BadParameter("name two fields with a comma between them, such as original,spun")
    return names


def _before(target: Path, merge: bool, overwrite: bool) -> list[Entry]:
    """The rows that stay in the table; raises Failure if there is one and nothing is said of it."""
    if not target.exists() or overwrite:
        return []
    if not merge:
        raise Failure(
            f"{readable_path(str(target))}: is there already; add to it with --merge, or drop it with --overwrite"
        )
    from cleaner.lexicon import read_own

    return list(read_own(usable_lexicon(str(target))))


def _pairs(paths: tuple[str, ...], fields: tuple[str, str]) -> Learner:
    from cleaner.learning.pairs import Pair, PairsError, PairsLearner, read_pairs
    from cleaner.thesaurus import Thesaurus

    pairs: list[Pair] = []
    for path in paths:
        try:
            pairs += read_pairs(Path(path), fields)
        except FileNotFoundError:
            raise Failure(f"{readable_path(path)}: no such file; check the spelling") from None
        except OSError as error:
            raise Failure(f"{readable_path(path)}: cannot be read ({reason(error)})") from None
        except PairsError as error:
            raise Failure(str(error)) from None
    if not pairs:
        raise Failure(f"{readable_path(paths[0])}: holds no pair; name JSON Lines with originals and spun texts")
    return PairsLearner(pairs, Thesaurus.open())


def _spun(paths: tuple[str, ...]) -> Learner:
    from cleaner.cleaner import recognizer, shipped
    from cleaner.cli import files
    from cleaner.documents import passages
    from cleaner.learning.spun import SpunLearner

    problems = Problems()
    texts = [
        "\n".join(passage.text for passage in passages(document.name, document.text))
        for document in files.read(files.find(paths, problems), "utf-8", problems)
    ]
    if problems.count:
        raise Failure("nothing learned; mend or leave out what is named above")
    return SpunLearner(texts, shipped(), recognizer().thesaurus)


@contextmanager
def _progress(parts: int, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, if that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), "parts", TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("", total=parts)
        yield lambda done: bar.update(task, completed=done)
