from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from quibble.taxonomy import SEVERITIES_5, Level
from quibble.text.answers import describe_region, describe_whole, gradable_name, plain_name, refer_long, refer_short
from quibble.text.grammar import Noun, Writer
from quibble.text.grounding import ground_order, ground_single, ground_total
from quibble.text.places import names
from quibble.text.scene import Fact, Scene, Seen
from quibble.text.vocabulary import categories_named
from tests.text.scenes import HEIGHT, WIDTH, defect, random_region, random_seen, region, scene, seen

NAME = Noun("the top left region")
TREES = Noun("the trees", plural=True)

#: What no text may hold: slots and alternatives left over, doubled or stray blanks, wrong articles, doubled marks.
UNTIDY = re.compile(
    r"[{}\[\]|]|  | [.,;:]|[.,;:?!][.,;:]|\b[Aa] (?!uni|one|us|eu)[aeiou]|\b[Aa]n [^aeiouAEIOU]|\ba a\b"
)


#: A singular verb behind a plural subject; behind a preposition the trees are no subject.
SINGULAR_VERB = re.compile(r"(?<!of )(?<!in )(?<!at )(?<!for )[Tt]he trees (?!as\b)\w+s\b|\b[Tt]hey (?!cross)\w+s\b")


def writer(seed: int) -> Writer:
    return Writer(np.random.default_rng([seed, 7]))


def check_truth(text: str, *seens: Seen) -> None:
    """A text names the categories of these regions and no other, and the severities of these regions and no other."""
    assert categories_named(text) == {d.category for s in seens for d in s.defects}, text
    allowed = {SEVERITIES_5[d.severity - 1] for s in seens for d in s.defects}
    said = {word for word in SEVERITIES_5 if re.search(rf"\b{word}(ly)?\b", text)}
    # "slightly" is also a word for places and for clauses about level 1.
    assert said - {"slight"} <= allowed, text
    assert not UNTIDY.search(text), text
    assert re.match(r"[A-Z].*[.]$", text, re.DOTALL), text


def local(seed: int) -> tuple[str, Seen]:
    rng = np.random.default_rng(seed)
    target = random_seen(rng)
    assert target.region is not None
    (name,) = names(writer(seed), [target.region], [], width=WIDTH, height=HEIGHT)
    return describe_region(writer(seed), target, name or NAME), target


def whole(seed: int) -> tuple[str, tuple[Seen, ...]]:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(0, 4))
    seens = tuple(random_seen(rng) for _ in range(count)) or (random_seen(rng, whole=True),)
    level = list(Level)[int(rng.integers(1, 5))]
    return describe_whole(writer(seed), scene(*seens, quality=level)), seens


@pytest.mark.parametrize("block", range(4))
def test_local_descriptions_name_what_is_there_and_nothing_else(block: int) -> None:
    for seed in range(block * 300, block * 300 + 300):
        text, target = local(seed)
        check_truth(text, target)
        assert target.quality is not None
        verdicts = [level for level in Level if re.search(rf"\b{level}\b", text)]
        assert verdicts == [target.quality], text


@pytest.mark.parametrize("block", range(4))
def test_global_descriptions_name_what_is_there_and_nothing_else(block: int) -> None:
    for seed in range(block * 200, block * 200 + 200):
        text, seens = whole(seed)
        check_truth(text, *seens)
        if seens[0].region is not None:
            number = ("one", "two", "three")[len(seens) - 1]
            assert re.search(rf"\b{number}\b", text, re.IGNORECASE), text


def test_referring_names_what_is_there_and_nothing_else() -> None:
    for seed in range(400):
        target = random_seen(np.random.default_rng(seed))
        check_truth(refer_long(writer(seed), target, NAME), target)
        short = refer_short(writer(seed), target)
        check_truth(short, target)
        assert len(short.split()) <= 12
        assert (" and " in short) == (len(target.defects) == 2)


def test_grounding_names_what_is_there_and_nothing_else() -> None:
    for seed in range(400):
        rng = np.random.default_rng(seed)
        seens = random_seen(rng), random_seen(rng)
        for most in (True, False):
            check_truth(ground_total(writer(seed), scene(*seens), seens[0], most=most), seens[0])
            last = seens[0].defects[-1]
            name = gradable_name(writer(seed), last)
            text = ground_single(writer(seed), scene(*seens), seens[0], last.category, name, most=most)
            assert categories_named(text) == {last.category}
            assert SEVERITIES_5[last.severity - 1] in text.lower()
            assert not UNTIDY.search(text), text
        if len(seens[0].defects) == 2:
            first, second = (plain_name(writer(seed), d).noun for d in seens[0].defects)
            check_truth(ground_order(writer(seed), scene(*seens), seens[0], first, second), seens[0])


def test_an_order_is_told_in_the_order_of_the_steps() -> None:
    steps = seen(region(0, 0, 0.2, 0.2), defect("blur.gaussian", 3), defect("noise.poisson", 2))
    for seed in range(60):
        answer = ground_order(writer(seed), scene(steps), steps, Noun("blur"), Noun("noise"))
        told = answer.rstrip(".").split(". ")[-1].lower()
        turned = re.search(r"noise (lies over|was added after) blur", told)
        assert turned or told.index("blur") < told.index("noise"), told


def test_grounding_says_the_place_before_the_thing() -> None:
    dog = seen(region(0, 0, 0.3, 0.3, "dog"), defect("blur.gaussian", 4))
    for seed in range(60):
        answer = ground_total(writer(seed), scene(dog), dog, most=True)
        assert answer.lower().index("left") < answer.index("the dog"), answer


def test_no_label_is_ever_said_of_a_region_without_one() -> None:
    labels = re.compile(r"\b(dog|sky|person|tree)\b")
    for seed in range(200):
        rng = np.random.default_rng(seed)
        texts = [local(seed)[0], whole(seed)[0]]
        named = random_seen(rng, label="dog")
        assert not any(labels.search(text) for text in texts)
        assert "the dog" in describe_whole(writer(seed), scene(named)).lower()


def test_plural_names_agree() -> None:
    for seed in range(300):
        rng = np.random.default_rng(seed)
        target = random_seen(rng)
        text = describe_region(writer(seed), target, TREES) + refer_long(writer(seed), target, TREES)
        assert not SINGULAR_VERB.search(text), text


def test_a_clean_region_is_called_clean_and_only_with_what_is_true() -> None:
    plain = Seen(region=region(0, 0, 0.3, 0.3), defects=(), quality=Level.EXCELLENT)
    detailed = Seen(region=plain.region, defects=(), quality=Level.EXCELLENT, facts=frozenset({Fact.DETAILED}))
    said = {kind: " ".join(describe_region(writer(seed), s, NAME) for seed in range(150)) for kind, s in
            (("plain", plain), ("detailed", detailed))}  # fmt: skip
    assert not UNTIDY.search(said["plain"])
    assert not categories_named(said["plain"])
    assert not re.search(r"crisp|well defined|intact|texture", said["plain"])
    assert re.search(r"crisp|intact", said["detailed"])


def test_a_clean_picture() -> None:
    clean = scene(Seen(region=None, defects=(), quality=Level.EXCELLENT), quality=Level.EXCELLENT)
    for seed in range(60):
        text = describe_whole(writer(seed), clean)
        assert not categories_named(text)
        assert "excellent" in text


def test_no_verdict_where_there_is_none() -> None:
    target = seen(region(0, 0, 0.3, 0.3), defect("blur.motion", 1), quality=None)
    texts = [describe_region(writer(seed), target, NAME) for seed in range(100)]
    assert not any(re.search(rf"\b{level}\b", text) for level in Level for text in texts)


def test_motion_is_told_in_its_direction() -> None:
    for seed in range(20):
        blur = defect("blur.motion", 4, seed=seed)
        steep = abs(blur.degradation.parameters["angle_deg"])
        word = "horizontal" if steep <= 22.5 else "vertical" if steep >= 67.5 else "diagonal"
        target = seen(region(0, 0, 0.3, 0.3), blur)
        texts = " ".join(refer_long(writer(seed * 100 + i), target, NAME) for i in range(20))
        assert set(re.findall(r"horizontal|vertical|diagonal", texts)) == {word}


def test_facts_decide_what_is_said() -> None:
    def said(*facts: Fact) -> str:
        target = seen(region(0, 0, 0.3, 0.3), defect("brighten.shift_rgb", 4, *facts))
        return " ".join(refer_long(writer(seed), target, NAME) for seed in range(150))

    assert "white" not in said()
    assert "white" in said(Fact.CLIPPED)
    assert "surroundings" not in said(Fact.CLIPPED)


def test_emphasis_fits_the_severity() -> None:
    def said(level: float) -> str:
        target = seen(region(0, 0, 0.3, 0.3), defect("noise.poisson", level))
        return " ".join(describe_region(writer(seed), target, NAME) for seed in range(200))

    strong, weak = r"at once|first sight|hard to overlook|been hit|spoil|soon finds", r"\b([Oo]nly|[Mm]erely) slight"
    assert not re.search(strong, said(1))
    assert re.search(weak, said(1))
    assert re.search(strong, said(5))
    assert not re.search(r"\b(only|merely) catastrophic", said(5), re.IGNORECASE)


def share_of_duplicates(describe: Callable[[int], str], count: int) -> float:
    return 1 - len({describe(seed) for seed in range(count)}) / count


@pytest.mark.slow
def test_descriptions_of_ten_thousand_pictures_hardly_ever_repeat() -> None:
    assert share_of_duplicates(lambda seed: local(seed)[0] if seed % 4 else whole(seed)[0], 10_000) < 0.001


def test_descriptions_hardly_ever_repeat_even_of_one_defect_in_one_place() -> None:
    target = seen(region(0, 0, 0.3, 0.3), defect("noise.poisson", 3))
    assert share_of_duplicates(lambda seed: describe_region(writer(seed), target, NAME), 500) < 0.01


def test_scenes_are_values() -> None:
    rng = np.random.default_rng(0)
    assert Scene(width=1, height=1, regions=(), quality=None) == Scene(width=1, height=1, regions=(), quality=None)
    assert random_region(rng).mask is not None
