"""Words without an option, and options that there are not: read as the one thing they can mean.

What has one meaning is taken, and a note says how; else the command that was meant is named.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from attn_cli.arrays.arguments import MANY, SUFFIXES, path_and_name
from attn_cli.cli.given import Options
from attn_cli.errors import AttnError, brief, one_slip_away
from attn_cli.mechanisms import MECHANISMS
from attn_cli.mechanisms.meant import option_meant
from attn_cli.mechanisms.normalizers import NORMALIZERS
from attn_cli.topics.aliases import topic_called
from attn_cli.topics.library import ORDER

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?;?|;", re.I)
WHOLE = re.compile(r"\d+")

NAMED = re.compile(r"‹(\w+)")
"""Options that a hint names."""

OTHER_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "dim": ("--d",),
    "d-model": ("--d",),
    "d-k": ("--d",),
    "dk": ("--d",),
    "d-v": ("--dv",),
    "dmodel": ("--d-model", "--d"),
    "embed-dim": ("--d-model", "--d"),
    "hidden-size": ("--d-model", "--d"),
    "head-dim": ("--d",),
    "num-heads": ("--heads",),
    "n-heads": ("--heads",),
    "nhead": ("--heads",),
    "num-kv-heads": ("--kv-heads",),
    "k-heads": ("--kv-heads",),
    "seq-len": ("--n",),
    "length": ("--n",),
    "tokens": ("--n",),
    "batch-size": ("--batch",),
    "query": ("--q",),
    "key": ("--k",),
    "value": ("--v",),
    "sentence": ("--text",),
    "words": ("--text",),
    "input-file": ("--input",),
    "file": ("--input",),
    "out": ("--save",),
    "output": ("--save",),
    "verbose": ("--steps",),
    "decimals": ("--precision",),
    "digits": ("--precision",),
    "type": ("--dtype",),
    "language": ("--lang",),
    "format": ("--export",),
    "html": ("--export",),
    "svg": ("--export",),
    "pdf": ("--export",),
    "tau": ("--temperature",),
    "cap": ("--softcap",),
    "attn-mask": ("--mask",),
    "attention-mask": ("--mask",),
    "key-padding-mask": ("--lengths", "--mask"),
    "padding-mask": ("--lengths", "--mask"),
    "pad": ("--lengths",),
    "causal-mask": ("--causal",),
    "model": ("--config", "--mode"),
    "model-config": ("--config",),
    "attention": ("--mode",),
    "type-of-attention": ("--mode",),
}
"""What other programs call options."""


class Words(NamedTuple):
    """A command line in its parts.

    command: its name. args: all words. loose: those without an option, with their places. valued:
    options that take a value; flags: those that take none.
    """

    command: str
    args: Sequence[str]
    loose: tuple[int, ...]
    valued: frozenset[str]
    flags: frozenset[str]

    @property
    def said(self) -> list[str]:
        """The words without an option."""
        return [self.args[at] for at in self.loose]

    def instead(self, *words: str) -> list[str]:
        """The same words, with these in the place of those without an option."""
        kept = [word for at, word in enumerate(self.args) if at not in self.loose]
        return [*kept, *words]

    def has(self, *options: str) -> bool:
        """Whether any of these options is there."""
        given = {word.partition("=")[0] for word in self.args}
        return bool(given & {*options})


def understood(command: str, args: Sequence[str], given: Options) -> tuple[list[str], str]:
    """The words with an option for each, and a note of how they were read, where not as typed.

    Raises AttnError for an option that there is not or that lacks its value, and for words that
    may mean several things.
    """
    args = [_dashed(word, given.known) for word in args]
    _refuse_unknown(given.named(args), given.known)
    more = given.flag_with_value(args)
    if more is not None:
        name, _, value = more.partition("=")
        raise AttnError(f"{name} takes no value: leave {value} out.")
    lacking = given.without_value(args)
    if lacking is not None:
        raise AttnError(f"{lacking} needs a value: {lacking} {given.valued[lacking]}.")
    loose = given.places_of_loose(args)
    if given.loose or not loose:
        return args, ""
    return _reread(Words(command, args, loose, frozenset(given.valued), given.flags))


def _dashed(word: str, known: frozenset[str]) -> str:
    name, equals, value = word.partition("=")
    dashed = name.replace("_", "-").lower()
    return f"{dashed}{equals}{value}" if name not in known and dashed in known else word


def _refuse_unknown(args: Sequence[str], known: frozenset[str]) -> None:
    """Raise AttnError for the first option that there is not."""
    for word in args:
        name = word.partition("=")[0]
        if name not in known:
            meant = _option_meant(name.lstrip("-"), known)
            raise AttnError(f"there is no option {brief(name)}. {meant}")


def _option_meant(name: str, known: frozenset[str]) -> str:
    plain = name.lower().replace("_", "-")
    others = (f"--{plain}", *OTHER_OPTIONS.get(plain, ()))
    other = next((one for one in others if one in known), None)
    if other is not None:
        return f"Did you mean {other}?"
    mode = _mode(plain)
    if mode is not None and "--mode" in known:
        return f"Did you mean --mode {mode}?"
    meant = option_meant(plain)
    if (
        meant is not None
        and {f"--{one.replace('_', '-')}" for one in NAMED.findall(meant)} <= known
    ):
        return meant
    near = one_slip_away(plain, [one.removeprefix("--") for one in known])
    return f"Did you mean --{near}?" if near is not None else "--help-all lists all there are."


def _mode(word: str) -> str | None:
    """The mode that a word names."""
    word = word.lower()
    return next((one.name for one in MECHANISMS if word in (one.name, *one.also)), None)


def _reread(words: Words) -> tuple[list[str], str]:
    """The words with an option for each, and a note of how they were read."""
    _refuse_unquoted(words)
    meant = READINGS.get(words.command)
    found = meant(words) if meant is not None else None
    if found is None:
        raise AttnError(
            f"{shlex.join(words.said)} stands without an option. attn {words.command} --help shows "
            "them."
        )
    args = words.instead(*found)
    return args, f"read as attn {words.command} {shlex.join(args)}"


def _refuse_unquoted(words: Words) -> None:
    """Raise AttnError for what a shell took apart, and for a value behind a flag."""
    before = words.args[words.loose[0] - 1] if words.loose[0] else ""
    two_before = words.args[words.loose[0] - 2] if words.loose[0] > 1 else ""
    said = words.said
    if before in words.flags:
        raise AttnError(f"{before} takes no value: leave {said[0]} out.")
    if two_before not in words.valued:
        return
    if all(map(NUMBER.fullmatch, [before, *said])):
        rows = " ".join([before, *said])
        raise AttnError(
            f'{two_before} takes one value: put the numbers in quotes, {two_before} "{rows}"; rows '
            'end at ; inside the quotes, as in "1 0; 0 1".'
        )
    if two_before in ("--text", "--context-text", "--labels", "--key-labels"):
        sentence = " ".join([before, *said])
        raise AttnError(
            f'{two_before} takes one value: put it in quotes, {two_before} "{sentence}".'
        )


def _of_compute(words: Words) -> list[str] | None:
    """Files of arrays, or a sentence."""
    said = words.said
    if any(map(_is_array, said)):
        return _files(words)
    if all(map(NUMBER.fullmatch, said)):
        raise AttnError(f'numbers need a name: attn {words.command} --q "{" ".join(said)}".')
    if words.has("--text", "--x", "--q", "--k", "--v", "--input"):
        return None
    mode = _mode(said[0])
    if len(said) == 1 and mode is not None:
        return ["--mode", mode]
    hint = option_meant(said[0]) if len(said) == 1 else None
    if hint is not None:
        raise AttnError(f"{said[0]}: {hint}")
    return ["--text", " ".join(said)]


def _is_array(word: str) -> bool:
    path, _ = path_and_name(word)
    return path.suffix.lower() in SUFFIXES


def _files(words: Words) -> list[str] | None:
    said = words.said
    if len(said) == 3 and not words.has("--q", "--k", "--v"):
        return ["--q", said[0], "--k", said[1], "--v", said[2]]
    several = len(said) == 1 and Path(said[0]).suffix.lower() in MANY
    if several and not words.has("--input"):
        return ["--input", said[0]]
    options = " ".join(f"--{name} {word}" for name, word in zip("qkv", said, strict=False))
    raise AttnError(f"which array is which? attn {words.command} {options}")


def _of_mask(words: Words) -> list[str] | None:
    """Sizes, and an expression."""
    sizes = [word for word in words.said if WHOLE.fullmatch(word)]
    others = [word for word in words.said if not WHOLE.fullmatch(word)]
    if len(sizes) > 2 or (sizes and words.has("--n")):
        return None
    if len(words.args) == len(words.loose) and not others:
        raise AttnError(f"which mask? attn mask --causal --n {sizes[0]}; attn mask lists all.")
    found = [part for pair in zip(("--n", "--m"), sizes, strict=False) for part in pair]
    return [*found, *(("--mask", " ".join(others)) if others else ())]


def _of_compare(words: Words) -> list[str] | None:
    """Modes, or normalizers."""
    names = [one for word in words.said for one in re.split(r"[,\s]+", word) if one]
    modes = {other for one in MECHANISMS for other in (one.name, *one.also)}
    for option, known in (("--modes", modes), ("--normalizers", {one.name for one in NORMALIZERS})):
        if names and {*names} <= known and not words.has(option):
            return [option, ",".join(names)]
    return None


def _of_complexity(words: Words) -> list[str] | None:
    """The length, where there is one number; of two it is asked which is which."""
    said = words.said
    if len(said) == 1 and WHOLE.fullmatch(said[0]) and not words.has("--n"):
        return ["--n", said[0]]
    if len(said) == 2 and all(map(WHOLE.fullmatch, said)):
        raise AttnError(
            f"which is which? attn complexity --n {said[0]} --d {said[1]}, or --n {said[1]} "
            f"--d {said[0]}."
        )
    mode = _mode(said[0])
    return ["--mode", mode] if len(said) == 1 and mode is not None else None


def _of_train(words: Words) -> list[str] | None:
    """Two words are a pair, where there is a sentence; more are the sentence."""
    said = words.said
    if words.has("--text") and len(said) == 2 and not words.has("--pair"):
        return ["--pair", ",".join(said)]
    if words.has("--pair") and not words.has("--text"):
        return ["--text", " ".join(said)]
    return None


READINGS: Mapping[str, Callable[[Words], list[str] | None]] = {
    "compute": _of_compute,
    "gradient": _of_compute,
    "diagnose": lambda words: _files(words) if any(map(_is_array, words.said)) else None,
    "train": _of_train,
    "mask": _of_mask,
    "compare": _of_compare,
    "complexity": _of_complexity,
}
"""How each command reads words without an option."""


def outside_a_command(args: Sequence[str]) -> str:
    """What is said of options before any command."""
    name = args[0].partition("=")[0]
    near = one_slip_away(name, ("--version", "--help"))
    if near is not None:
        return f"there is no option {name}. Did you mean attn {near}?"
    return f"options stand behind a command, as in attn compute {shlex.join(args)}."


def command_meant(words: Sequence[str], commands: Sequence[str]) -> str:
    """What was meant by a first word that is no command."""
    near = one_slip_away(words[0], commands)
    if near is not None:
        return f"Did you mean attn {shlex.join([near, *words[1:]])}?"
    modes = {one.name: one.also for one in MECHANISMS}
    topic = topic_called(" ".join(words), {**modes, **dict.fromkeys(ORDER, ())})
    if topic is not None:
        return f"Did you mean attn explain {topic}?"
    return f"There are {', '.join(commands)}; attn explain lists topics."
