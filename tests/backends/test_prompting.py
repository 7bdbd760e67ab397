from quibble.backends.prompting import Prompter
from quibble.model.composition import Composition
from quibble.text.template import Template
from tests import tiny


def test_places_of_the_text_are_found_again_after_pictures_took_theirs() -> None:
    prompter = Prompter(tiny.make_tokenizer(), Composition(side=28, image_token=tiny.IMAGE), Template(), patch=14)
    text = "a<image>b<image>c"
    expanded = prompter.expand(text, [3, 2])
    assert expanded.text == "a" + "<image>" * 3 + "b" + "<image>" * 2 + "c"
    for place in (0, 1, 8, 9, 16, 17):
        rest = text[place:]
        if not rest.startswith("<image>"):
            assert expanded.text[expanded.moved(place) :].startswith(rest[:1])
    assert expanded.moved(len(text)) == len(expanded.text)
    assert expanded.moved(8) == 1 + 21
    assert expanded.moved(16) == 1 + 21 + 1 + 14
