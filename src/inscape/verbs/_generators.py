"""Open the generator of a verb, and parse classes and numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inscape.errors import UnsupportedError, UsageError

if TYPE_CHECKING:
    from inscape.models import Card, Generator
    from inscape.progress import Progress


def open_generator(
    name: str,
    device: str,
    verb: str,
    classes: str | None = None,
    *,
    progress: Progress | None = None,
) -> Generator:
    """Open a model that must be a generator.

    Args:
        name: A name or path for `inscape.open`.
        device: The device.
        verb: The verb, for the message.
        classes: The value of `--class`.
        progress: Receives the progress of the first opening of a large file.

    Raises:
        ModelNotFoundError: No model of that name.
        NotFoundError: There is no such class.
        UnsupportedError: It is not a generator, or classes were given and it has none.
    """
    from inscape.models import Generator, open_model

    model = open_model(name, device=device, progress=progress)
    if not isinstance(model, Generator):
        raise UnsupportedError(f"`inscape {verb}` needs a generator; {name!r} is {model.card.noun}.")
    return model if classes is None else model.with_classes(parse_classes(classes, model.card))


def parse_classes(text: str, card: Card) -> list[int]:
    """Read classes written as `cat,7,10-12`; a name that holds commas stands alone.

    Raises:
        NotFoundError: There is no such class.
        UsageError: It cannot be parsed.
    """
    if text.strip() in card.classes:
        return [card.class_index(text.strip())]
    numbers: list[int] = []
    for part in (each.strip() for each in text.split(",")):
        if part not in card.classes and re.fullmatch(r"\d+-\d+", part):
            numbers += [card.class_index(str(number)) for number in parse_numbers(part, "Classes")]
        else:
            numbers.append(card.class_index(part))
    return numbers


def parse_numbers(text: str, what: str) -> list[int]:
    """Read whole numbers written as `1,2,5-9`.

    Raises:
        UsageError: It cannot be parsed.
    """
    from inscape.pictures import is_number

    numbers: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not is_number(first) or (dash and not is_number(last)):
            raise UsageError(f"{what} are whole numbers and ranges such as 1,2,5-9, got {text!r}.")
        start, stop = int(first), int(last) if dash else int(first)
        if stop < start or stop - start > 100_000:
            raise UsageError(
                f"A range of {what.lower()} ascends and holds at most 100000, got {part.strip()}."
            )
        numbers.extend(range(start, stop + 1))
    return numbers
