"""The questions of this data set, and the pools of its brief answers."""

from __future__ import annotations

from typing import Final

from quibble.pipelines.talk.exchange import BRIEF
from quibble.text.grammar import Template, Writer, pool

#: Behind half of the questions on which picture is better; the answer is then the picture's name alone.
SHORT: Final = BRIEF[0].text

#: Brief answers, filled in for either winner: {w} is the better picture's name and {l} the other's.
BETTER: Final = pool(
    "depict.better",
    "{w} is of better quality than {l}.",
    "{w} has the higher quality of the two.",
    "Of the two, {w} looks better.",
    "{l} is more distorted than {w}.",
    "{w} has suffered less than {l}.",
    "Between these two, the better one is {w}.",
    "The quality of {w} exceeds that of {l}.",
    "{w} is the less distorted picture.",
    "I would choose {w}, whose quality is higher.",
    "{l} falls behind {w} in quality.",
    "{w} comes out ahead of {l}.",
    "{w} shows less damage than {l}.",
    "In terms of quality, {w} wins over {l}.",
    "{w} is to be preferred to {l}.",
    "The better quality is found in {w}.",
    "{l} is the worse of the two, so {w} is better.",
    "Compared with {l}, {w} is in better shape.",
    "{w} keeps more of its quality than {l}.",
    "When both are put side by side, {w} has the better quality.",
    "The distortions of {w} weigh less than those of {l}.",
    "{w} is the clear choice if quality counts, rather than {l}.",
    "Quality speaks for {w} and against {l}.",
)

_AGAINST: Final = (
    "[With the reference in view|Given the reference|Next to the reference|Taking the reference as a standard], "
)
DESCRIBE: Final = pool(
    "depict.describe",
    "describe the distortions of the [picture|image] and how much of the texture is left.",
    "what has happened to the quality of this [picture|image]?",
    "report on the distortions and the texture, and judge the quality as a whole.",
    "how is this [picture|image] distorted, and how bad is that?",
    "please assess the quality of the [picture|image]: its distortions, its texture, the whole.",
    "which distortions does the [picture|image] have, and what is left of its texture?",
    "write a short report on the quality of this [picture|image].",
    "evaluate the [picture|image] with respect to brightness, color, noise, artifacts and blur.",
    "explain what is wrong with the quality of this [picture|image].",
    "tell me how good the [picture|image] is, and for which reasons.",
)
COMPARE: Final = pool(
    "depict.compare",
    "which is of better quality, Image A or Image B?",
    "is Image A better than Image B, or the other way round?",
    "which of the two images is less distorted?",
    "compare Image A and Image B: which has the higher quality?",
    "whose quality is higher, that of Image A or of Image B?",
    "decide which of the two images looks better.",
    "of Image A and Image B, which one would you prefer for its quality?",
    "which of these two has suffered less, Image A or Image B?",
    "Image A or Image B: which one is in better shape?",
    "tell me which image has the better quality.",
)
REASON: Final = pool(
    "depict.reason",
    "compare Image A and Image B, and give the reasons for your verdict.",
    "which is better, Image A or Image B, and why?",
    "weigh the distortions of both images and say which one is better.",
    "explain in detail how Image A and Image B differ in quality.",
    "go through the distortions of Image A and Image B and come to a conclusion.",
    "what speaks for Image A, what for Image B, and which one wins?",
    "compare the two images in brightness, color, noise, artifacts and blur, then judge them as a whole.",
    "which of the two images would you choose? Justify your choice.",
    "judge the quality of Image A against that of Image B step by step.",
    "write a comparison of the quality of both images.",
)


def ask(writer: Writer, questions: tuple[Template, ...], *, reference: bool) -> str:
    """A question, which speaks of the reference in half of the cases if there is one."""
    text = writer.vary(writer.choose(questions).text)
    if reference and writer.rng.random() < 0.5:
        text = f"{writer.vary(_AGAINST)}{text}"
    return text[:1].upper() + text[1:]


def better(writer: Writer, winner: str) -> str:
    """A brief answer in one sentence. winner: "A" or "B"."""
    return writer.write(BETTER, w=f"Image {winner}", l=f"Image {'B' if winner == 'A' else 'A'}")
