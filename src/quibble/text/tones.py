"""What distortions of tone and color do to detail: brightness, contrast, saturation, quantization.

As in quibble.text.effects. None of these is used below severity 2: level 1 of them cannot be seen without the original.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from quibble.taxonomy import Distortion
from quibble.text.grammar import Template, pool, when
from quibble.text.scene import Fact

_D = Distortion
CLIPPED, CRUSHED, GRAY, DETAILED, LOCAL = Fact.CLIPPED, Fact.CRUSHED, Fact.GRAY, Fact.DETAILED, Fact.LOCAL

_BRIGHT = pool(
    "effect.brighten",
    when("tones are [lifted|raised] [more than they should be|beyond what is natural]", 2, 3),
    when("everything [looks|appears] lighter than it should", 2, 3),
    when("light tones lose [some|part] of their gradation", 2, 3),
    when("the [shadows|darker tones] look [lifted|hollow] and lack depth", 2, 4),
    when("texture in [the light tones|light parts] [fades|gets thin]", 3, 5),
    when("[fine detail|texture] is [outshone|drowned] by the [glare|excess of light]", 4, 5),
    when("a [strong|harsh] glare [lies over|swallows] the detail", 4, 5),
    when("the [brightest|lightest] parts are [burned out|blown out] to [plain|bare] white", 2, 5, CLIPPED),
    when("detail in the [brightest|lightest] parts is lost to white", 2, 5, CLIPPED),
    when("nothing [dark|deep] is left to give the surface [shape|depth]", 5, 5),
    when("[surfaces|tones] look [lit|exposed] far too strongly", 3, 5),
    when("it [looks|appears] [lighter|brighter] than its surroundings [call for|suggest]", 2, 3, LOCAL),
    when("the tonal range has moved up, and [deep|dark] tones are missing", 2, 4),
    when("texture looks [thin|weak] in the lighter parts", 2, 3),
)

_DARK = pool(
    "effect.darken",
    when("tones are [dimmer|darker] than they should be", 2, 3),
    when("detail in the [shadows|darker tones] is [harder|more difficult] to see", 2, 3),
    when("the [light|brighter] tones look [dull|subdued]", 2, 4),
    when("texture [sinks|recedes] into the [dark|gloom]", 3, 5),
    when("[fine detail|texture] is [hard|difficult] to [read|make out] in the [dark|gloom]", 3, 5),
    when("[much|a large part] of the detail [disappears|is lost] in the dark", 4, 5),
    when("only the [lightest|brightest] parts [can still be read|still show detail]", 5, 5),
    when("the darkest parts [sink|have sunk] to [plain|solid] black", 2, 5, CRUSHED),
    when("shadow detail is [swallowed|blocked up] [completely|entirely]", 3, 5, CRUSHED),
    when("it [looks|appears] [dimmer|darker] than its surroundings [call for|suggest]", 2, 4, LOCAL),
    when("a [heavy|deep] shade lies over the detail", 4, 5),
    when("the tonal range has moved down, and [light|bright] tones are missing", 2, 4),
    when("[fine detail|texture] is harder to make out than it should be", 2, 3),
    when("it looks as if it lay in deep shadow", 3, 5, LOCAL),
)

_HARSH = pool(
    "effect.contrast_up",
    when("light and dark tones are [driven|pushed] [too far |]apart", 2, 5),
    when("[gradations|transitions] between light and dark look [abrupt|steep]", 2, 4),
    when("[midtones are thinned out|the tones between light and dark become scarce]", 3, 5),
    when("texture looks [harsher|harder] than [is natural|it should]", 2, 4, DETAILED),
    when("light parts burn out to white", 2, 5, CLIPPED),
    when("dark parts [sink|fall] to black", 2, 5, CRUSHED),
    when("detail is lost at [both ends|the light and the dark end] of the tonal range", 2, 5, CLIPPED, CRUSHED),
    when("fine gradations [disappear|are lost]", 4, 5),
    when("[surfaces|shapes] look [hard|harsh] and [graphic|poster-like]", 4, 5),
    when("the modeling of surfaces looks [overdrawn|too hard]", 2, 3),
    when("small differences in tone are [exaggerated|overstated]", 2, 4),
    when("[the|all] shading looks [steeper|harder] than in nature", 2, 3),
    when("there is little left between [light and dark|bright and deep tones]", 4, 5),
    when("texture breaks up into light and dark patches", 4, 5),
)

_FLAT = pool(
    "effect.contrast_down",
    when("tones are squeezed [together |]into a [narrow|narrower] range", 2, 4),
    when("[everything looks|surfaces look] [rather |somewhat ]flat", 2, 3),
    when("texture [turns|looks] faint", 2, 4, DETAILED),
    when("light and dark parts [drift|move] toward the same tone", 3, 5),
    when("edges stand out less than they should", 2, 4),
    when("[texture|fine detail] is [barely|hardly] [visible|noticeable] any more", 5, 5),
    when("[shapes|details] [nearly|almost] merge into one [uniform|even] tone", 5, 5),
    when("a [veil|haze] seems to lie over the detail", 2, 5),
    when("[fine detail|texture] [fades|sinks] into a [dull|even] tone", 3, 5),
    when("the surface looks [hazy|dull] and [lacks|is without] depth", 3, 5),
    when("neither really light nor really dark tones are left", 3, 5),
)

_VIVID = pool(
    "effect.saturation_up",
    when("colors are [noticeably |]stronger than [natural|they should be]", 2, 3),
    when("colors look [gaudy|garish]", 2, 5),
    when("[even faint|pale] tints turn into strong colors", 2, 5),
    when("[gradations of color|fine color differences] [merge|run together] into flat patches", 3, 5),
    when("color transitions [become|look] abrupt", 3, 5),
    when("texture is [covered|hidden] by [flat|glaring], unnatural color", 4, 5),
    when("colors [glow|glare] as if painted on", 3, 5),
    when("fine detail is [overpowered|drowned out] by [shrill|glaring] colors", 4, 5),
    when("the colors draw attention away from the [texture|detail]", 2, 4),
    when("colors look [more intense|richer] than in nature", 2, 3),
    when("neighboring shades [clash|separate] harshly", 3, 5),
)

_PALE = pool(
    "effect.saturation_down",
    when("colors look [pale|faded]", 2, 4),
    when("hues are weaker than [natural|they should be]", 2, 3),
    when("[most|much] of the color is [drained|gone]", 3, 4),
    when("[hardly any|next to no] color is left", 4, 5),
    when("what remains is [almost|nearly] [gray|colorless]", 3, 5, GRAY),
    when("detail that rested on color differences [fades|gets weak]", 2, 4),
    when("shapes are told apart by brightness [alone|only]", 5, 5),
    when("[edges|borders] between colors [lose their force|stand out less]", 2, 5),
    when("the surface looks [lifeless|dull], although its texture is kept", 3, 5, DETAILED),
    when("detail that rested on color differences is lost", 5, 5),
    when("it looks as if the color had been washed out", 2, 4),
    when("colors keep little of their strength", 3, 4),
    when("it comes close to a black-and-white picture", 5, 5),
)

_STEPS = pool(
    "effect.quantize",
    when("smooth gradations break into [visible|plain] steps", 2, 4),
    when("[subtle|fine] shades are merged into flat patches", 2, 4),
    when("lines like those on a map appear where tones should flow", 2, 4),
    when("only a handful of [tones|colors] [remain|are left]", 4, 5),
    when("[texture|fine detail] is flattened into patches of plain color", 3, 5),
    when("[everything looks|surfaces look] [cut out of|pieced together from] colored paper", 4, 5),
    when("[gentle|soft] transitions turn into hard [borders|edges]", 2, 5),
    when("[shading|modeling] [gives way|is reduced] to a few flat tones", 3, 5),
    when("fine tonal differences within the texture are [lost|gone]", 2, 4, DETAILED),
    when("contour-like edges appear where tones should change gradually", 2, 4),
    when("detail between the few remaining tones is [lost|dropped]", 3, 5),
)

#: The clauses for each distortion of tone or color.
TONE_EFFECTS: Final[Mapping[Distortion, tuple[Template, ...]]] = MappingProxyType(
    {
        **{d: _BRIGHT for d in Distortion if d.value.startswith("brighten.")},
        **{d: _DARK for d in Distortion if d.value.startswith("darken.")},
        **{d: _HARSH for d in Distortion if d.value.startswith("contrast_strengthen.")},
        **{d: _FLAT for d in Distortion if d.value.startswith("contrast_weaken.")},
        **{d: _VIVID for d in Distortion if d.value.startswith("saturate_strengthen.")},
        **{d: _PALE for d in Distortion if d.value.startswith("saturate_weaken.")},
        **{d: _STEPS for d in Distortion if d.value.startswith("quantize.")},
    }
)
