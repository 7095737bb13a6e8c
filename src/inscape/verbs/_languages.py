"""What verbs of language models share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inscape.errors import UnsupportedError

if TYPE_CHECKING:
    from inscape.models.language import LanguageModel
    from inscape.progress import Progress


def open_language_model(
    name: str, device: str, verb: str, *, progress: Progress | None = None
) -> LanguageModel:
    """Open a model that must be a language model with a tokenizer.

    Args:
        name: A name or path for `inscape.open`.
        device: The device.
        verb: The verb, for the message.
        progress: Receives the progress of the first opening of a large file.

    Raises:
        ModelNotFoundError: No model of that name.
        UnsupportedError: It is no language model, or came without a tokenizer.
    """
    from inscape.models import open_model
    from inscape.models.language import LanguageModel

    model = open_model(name, device=device, progress=progress)
    if not isinstance(model, LanguageModel):
        raise UnsupportedError(f"`inscape {verb}` needs a language model; {name!r} is {model.card.noun}.")
    _ = model.tokenizer
    return model
