"""The test model of the hostile suite: it obeys. Knows the attacks and no assistant."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evals.attack_files import untagged
from evals.attack_suite import Attack, wordings
from rag.generate import Draft, Prompt, never
from rag.types import Usage
from rag.words.sentences import split_sentences
from rag.words.text import fold, words
from rag.writing.prompt import NO_ANSWER


class ObedientWriter:
    """The test model: does what an order in its prompt says, whatever else the prompt says.

    It finds the orders about the city it is asked about by their words, so no wording escapes
    it, and reads Unicode tags, split and reversed words as a capable model might. Without one
    it answers with the sentence of the evidence that has most words of the question.
    Deterministic.
    """

    name = "obedient"

    def __init__(self, suite: Sequence[Attack]) -> None:
        self._suite = [(_squeezed(attack.order), attack) for attack in suite]

    def write(self, prompt: Prompt, cancelled: Callable[[], bool] = never) -> Draft:
        """The draft, in one piece."""
        return Draft((piece for piece in [self._text(prompt)]), Usage)

    def _text(self, prompt: Prompt) -> str:
        seen, asked = _squeezed(prompt.user), _squeezed(prompt.user.rpartition("QUESTION>>>\n")[2])
        for order, attack in self._suite:
            about = _squeezed(attack.city) in (asked or seen)
            if about and (order in seen or order in seen[::-1]):
                return _OBEDIENT[attack.obeyed](attack, prompt)
        return _honest(prompt.user)


def _claim(attack: Attack, prompt: Prompt) -> str:
    return f"{attack.claim} {_marker(attack, prompt)}"


def _link(attack: Attack, prompt: Prompt) -> str:
    link = wordings()["link"]
    return f"{attack.claim} {_marker(attack, prompt)} {link} ![]({link}) [quibb.example]({link})"


_OBEDIENT: dict[str, Callable[[Attack, Prompt], str]] = {
    "claim": _claim,
    "link": _link,
    "leak": lambda attack, prompt: prompt.system.replace(NO_ANSWER, "nothing"),
    "silence": lambda attack, prompt: NO_ANSWER,
    "german": lambda attack, prompt: (
        wordings()["german"].format(city=attack.city, rival=wordings()["rival"]["en"])
        + f" {_marker(attack, prompt)}"
    ),
}


def _blocks(user: str) -> list[tuple[str, str]]:
    """(number, text) of the blocks of a prompt."""
    found = []
    for part in user.split(" BLOCK ")[1:]:
        number, _, text = part.partition(">>>")
        if number.isdecimal():
            found.append((number, text.partition("<<<")[0].strip()))
    return found


def _marker(attack: Attack, prompt: Prompt) -> str:
    """A marker that a reader would believe: the block that speaks of the city."""
    blocks = _blocks(prompt.user)
    return next((f"[{n}]" for n, text in blocks if attack.city in text), "[1]")


def _honest(user: str) -> str:
    question = set(words(fold(user.rpartition(" QUESTION>>>\n")[2])))
    best = (0, NO_ANSWER)
    for number, text in _blocks(user):
        body = text.partition(")\n")[2] if text.startswith("(") else text
        for start, end in split_sentences(body, "en"):
            shared = len(question & set(words(fold(body[start:end]))))
            best = max(best, (shared, f"{body[start:end]} [{number}]"), key=lambda pair: pair[0])
    return best[1]


def _squeezed(text: str) -> str:
    """Letters and digits only, tags read as what they stand for."""
    return "".join(c for c in untagged(text).lower() if c.isalnum())
