"""What is no question about image quality, and small talk: answered honestly and briefly."""

from __future__ import annotations

from typing import Final

from quibble.pipelines.talk.exchange import Exchange, Sight, chance, there_are
from quibble.pipelines.talk.off_topic import question as off_topic_question
from quibble.pipelines.talk.phrases import defect_with_place
from quibble.pipelines.talk.words import ASKED, ASPECTS, FINE, SHORT, Aspect
from quibble.taxonomy import Category
from quibble.text.grammar import Noun, Writer, pool, sentence

_NOTES: Final = pool(
    "talk.notes",
    "show [me |]your notes.",
    "what are your notes?",
    "what did you note down?",
    "repeat your notes.",
    "your raw notes, please.",
    "give me the evidence [as it is|].",
    "on what evidence do you say so?",
    "what exactly did you note?",
    "list the evidence.",
)
_REFUSALS: Final = pool(
    "talk.refuse",
    "I only judge image quality, so I cannot answer that",
    "that is outside what I can do: I only judge image quality",
    "I cannot say; I only judge image quality",
    "I only look at the quality of a picture, not at what it shows",
    "I only judge image quality. Ask me about sharpness, noise, exposure, color or artifacts",
    "sorry, I only judge image quality",
    "I do not know: my only subject is image quality",
    "I only judge image quality and cannot tell you anything about that",
    "that I cannot tell, as I only judge image quality",
    "I only judge image quality; I can say what is wrong with the picture and where",
)
_HELLO: Final = pool(
    "talk.hello",
    "hello",
    "hi",
    "hi there!",
    "good morning",
    "hey",
    "hello, how are you?",
    "good evening",
    "hi, nice to meet you",
    "hey you",
    "hello?",
)
_HELLO_BACK: Final = pool(
    "talk.hello_back",
    "hello! Ask me about the quality of the picture",
    "hello. What would you like to know about the quality of the picture?",
    "hi! I can tell you what is wrong with the picture, and where",
    "hello! I judge image quality; what would you like to know?",
    "hi. Ask me about sharpness, noise, exposure, color or artifacts",
)
_CAN: Final = pool(
    "talk.can",
    "what can you do?",
    "who are you?",
    "help",
    "how can you help me?",
    "what should I ask you?",
    "what are you?",
    "are you a person?",
    "how does this work?",
    "what do you know about?",
    "are you an AI?",
    "what is this?",
)
_CANS: Final = pool(
    "talk.cans",
    "I am quibble, and I judge image quality: what is wrong with a picture, where, how badly, and which one is better",
    "I judge the quality of pictures. Ask me what is wrong, where, how bad it is, or what to do about it",
    "I am quibble, a program that judges image quality. Ask me about sharpness, noise, exposure, color or artifacts",
    "I look for defects in pictures, say where they are and how strong, and compare pictures",
    "I am a program that judges the quality of pictures: defects, their place and their strength",
)
_THANKS: Final = pool(
    "talk.thanks",
    "thanks",
    "thank you!",
    "great, thanks",
    "thx",
    "ok",
    "thanks a lot",
    "good, thank you",
    "cheers",
    "ok thanks",
    "nice",
)
_WELCOME: Final = pool(
    "talk.welcome",
    "you are welcome",
    "glad to help",
    "you are welcome. Anything else about the picture?",
    "my pleasure",
    "not at all",
)
_SURE: Final = pool(
    "talk.sure",
    "are you sure?",
    "how sure are you?",
    "really?",
    "how certain is that?",
    "is that certain?",
    "are you certain about the {n}?",
    "what is the probability of that?",
    "how confident are you?",
)
_NONSENSE: Final = pool(
    "talk.nonsense", "asdf", "???", "...", "blah blah", "qwertz", "hm", "foo", "12345", "lorem ipsum", "x"
)
_PARDON: Final = pool(
    "talk.pardon",
    "I did not understand that. Ask me about the quality of the picture",
    "I am not sure what you mean; I only judge image quality",
    "please ask me about the quality of the picture",
    "I did not get that. I only judge image quality",
    "could you put that differently? I only judge image quality",
)
_SHORT: Final = pool(
    "talk.and",
    "and {n}?",
    "what about {n}?",
    "and the {s}?",
    "any {n}?",
    "is there {n} too?",
    "how about the {s}?",
    "{n}?",
)


def off_topic(writer: Writer) -> Exchange:
    """Anything that is no question about quality."""
    question = off_topic_question(writer)
    return Exchange(kind="off_topic", question=question, answer=sentence(writer.write(_REFUSALS)), key="refusal")


def small_talk(writer: Writer) -> Exchange:
    """A greeting, thanks, a question about quibble itself, nonsense."""
    pools = ((_HELLO, _HELLO_BACK), (_CAN, _CANS), (_THANKS, _WELCOME), (_NONSENSE, _PARDON))
    asked, answers = pools[int(writer.rng.integers(len(pools)))]
    return Exchange(kind="small_talk", question=writer.write(asked), answer=sentence(writer.write(answers)))


def are_you_sure(writer: Writer, sight: Sight, topic: Category) -> Exchange | None:
    """How certain a finding is."""
    notes = sight.by_category.get(topic)
    if not notes:
        return None
    sure = notes[0].sure
    question = sentence(writer.write(_SURE, n=SHORT[topic]))
    percent = f"{10 * sure + 5}%" if sure < 9 else "more than 90%"
    word = "yes, quite" if sure >= 8 else "fairly" if sure >= 6 else "not entirely"
    noun = Noun(SHORT[topic], topic is Category.COMPRESSION)
    answer = writer.one_of(
        f"{word}: I am {percent} sure of the {noun}|{word}; the probability of the {noun} is {percent}"
    )
    return Exchange(kind="sure", question=question, answer=sentence(answer), topic=topic)


def notes_told(writer: Writer, sight: Sight) -> Exchange:
    """The notes as they are."""
    return Exchange(kind="notes", question=sentence(writer.write(_NOTES)), answer=sight.picture.encode())


def follow_up(writer: Writer, sight: Sight) -> Exchange:
    """ "And the noise?" behind another question."""
    if chance(writer, 0.5):
        side = list(Aspect)[int(writer.rng.integers(len(Aspect)))]
        groups = [notes for category, notes in sight.by_category.items() if category in ASPECTS[side]]
        question = sentence(writer.write([t for t in _SHORT if "{s}" in t.text], s=side.value))
        if not groups:
            return Exchange(kind="aspect", question=question, answer=sentence(writer.one_of(FINE[side])), key="none")
        told = defect_with_place(writer, groups[0])
        answer = writer.one_of(f"I see {told}|{there_are(told)}")
        return Exchange(kind="aspect", question=question, answer=sentence(answer), key=groups[0][0].category.value)
    present = bool(sight.notes) and chance(writer, 0.5)
    among = list(sight.by_category) if present else sight.absent
    category = among[int(writer.rng.integers(len(among)))]
    noun = ASKED[category].noun(writer)
    question = sentence(writer.write([t for t in _SHORT if "{s}" not in t.text], n=noun))
    if present:
        d = defect_with_place(writer, sight.by_category[category])
        answer = writer.one_of(f"yes, {there_are(d)}|yes: {d}|{there_are(d)}")
    else:
        answer = writer.one_of(f"no, I see no {noun}|I see no {noun}|no")
    return Exchange(
        kind="yes_no", question=question, answer=sentence(answer), key="yes" if present else "no", topic=category
    )
