"""A fact: what a language model says of a subject."""

from __future__ import annotations

from dataclasses import dataclass

from inscape.errors import ValueRangeError

PLACE = "{}"
"""Where a prompt has its subject."""


@dataclass(frozen=True)
class Neighbour:
    """A prompt about another subject, which an edit of the fact should leave as it is.

    Attributes:
        prompt: A whole text, to be followed by the object.
        true: Its own true object.
    """

    prompt: str
    true: str


@dataclass(frozen=True)
class Fact:
    """A subject, a relation and an object, as a prompt that the object follows.

    An object is written without a space before it, and follows its prompt behind one.

    Attributes:
        prompt: A text with `{}` where the subject is: "{} is in the city of".
        subject: "The Eiffel Tower".
        true: The object that is true; "" where nobody has said it.
        new: The object that an edit is to put in its place; "" where nothing is to be edited.
        relation: A name for what the prompt asks, which facts have in common.
        paraphrases: Whole texts that ask the same in other words.
        neighbours: Prompts about other subjects.
        starts: Beginnings of texts about the subject, for the model to continue.
    """

    prompt: str
    subject: str
    true: str = ""
    new: str = ""
    relation: str = ""
    paraphrases: tuple[str, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    starts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no fact.

        Raises:
            ValueRangeError: The prompt has no place for the subject or more than one, the subject is empty, a
                text is empty, or the new object is the true one.
        """
        if (places := self.prompt.count(PLACE)) != 1:
            raise ValueRangeError(
                f"A fact's prompt has {PLACE} once, where its subject is; {self.prompt!r} has {places}."
            )
        if not self.subject.strip():
            raise ValueRangeError(f"The fact {self.prompt!r} needs a subject, got none.")
        asked = (*self.paraphrases, *(each for near in self.neighbours for each in (near.prompt, near.true)))
        if not all(text.strip() for text in (*asked, *self.starts)):
            raise ValueRangeError(f"A paraphrase, neighbour or start of the fact {self.text!r} is empty.")
        if self.true and self.true == self.new:
            raise ValueRangeError(
                f"The new object of {self.text!r} must differ from the true one, {self.true!r}."
            )

    @classmethod
    def asked(cls, prompt: str, subject: str, *, true: str = "", new: str = "") -> Fact:
        """A fact as a person types it.

        Args:
            prompt: With `{}` where the subject is, or with the subject itself in it; its first occurrence
                counts. White space at the end is dropped.
            subject: What the fact is about.
            true: The true object.
            new: The new object.

        Raises:
            ValueRangeError: The prompt or the subject is empty, or the subject is not in the prompt.
        """
        prompt, subject = prompt.rstrip(), subject.strip()
        if not prompt:
            raise ValueRangeError("The prompt is empty.", "Write the words that come before the object.")
        if not subject:
            raise ValueRangeError("The subject is empty.", "Name the part of the prompt that it is about.")
        if PLACE not in prompt:
            if subject not in prompt:
                raise ValueRangeError(
                    f"The subject {subject!r} is not in the prompt {prompt!r}.",
                    f"Write the subject as it stands there, or {PLACE} in its place.",
                )
            prompt = prompt.replace(subject, PLACE, 1)
        return cls(prompt, subject, true.strip(), new.strip())

    @property
    def text(self) -> str:
        """The prompt with the subject in it."""
        return self.prompt.replace(PLACE, self.subject)

    @property
    def span(self) -> tuple[int, int]:
        """The characters of `text` that are the subject, first and end."""
        first = self.prompt.index(PLACE)
        return first, first + len(self.subject)

    def needs_true(self) -> str:
        """The true object.

        Raises:
            ValueRangeError: The fact has none.
        """
        if not self.true:
            raise ValueRangeError(f"The fact {self.text!r} has no true object.", "Say which it is.")
        return self.true
