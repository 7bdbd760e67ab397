"""What distortions of space do to edges, texture and detail: blur, noise, compression, oversharpen, pixelate.

Each table is a pool of clauses, with the severities (1 to 5) and the facts for which a clause is true; they were
checked by looking at every level of every distortion. A clause names no defect, so that it can follow any
name, and nothing that a picture need not contain. Distortions whose marks differ have pools of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from quibble.taxonomy import Distortion
from quibble.text.grammar import Template, pool, when
from quibble.text.scene import Fact

_D = Distortion
DETAILED, SMOOTH = Fact.DETAILED, Fact.SMOOTH

_SOFT = pool(
    "effect.blur",
    when("[edges|contours|outlines] look [a little|somewhat|slightly] soft", 1, 1),
    when("[edges|contours|outlines] look soft", 2, 2),
    when("the finest detail is [slightly|a little] smeared", 1, 1),
    when("[small|fine] structures lose [some|a bit] of their crispness", 1, 2),
    when("larger shapes stay clear while the finest [texture|detail] [fades|softens]", 1, 2),
    when("[lines|edges] and [texture|fine structures] are [drawn|rendered] less crisply than they could be", 1, 2),
    when("[edges|contours] lose their definition", 2, 4),
    when("fine texture [runs|melts|flows] together", 2, 4, DETAILED),
    when("[small|fine] details can [no longer|hardly] be told apart", 3, 4),
    when("[contours|outlines|edges] spread into their surroundings", 3, 5),
    when("[surfaces look|everything looks] smooth where [texture|fine structure] should be", 3, 5, DETAILED),
    when("only [broad|large|coarse] shapes [remain|are left]", 4, 5),
    when("texture is [wiped out|gone] [completely|altogether|entirely]", 5, 5),
    when("[hardly|scarcely] any [texture|fine detail] survives", 4, 5),
    when("[sharp|crisp] transitions have turned into wide ramps", 4, 5),
    when("the [fine|small-scale] detail is [visibly|clearly] [washed|smoothed] away", 2, 4),
    when("nothing [fine|small] [keeps|has kept] a clear outline", 4, 5),
)

_MOTION = pool(
    "effect.motion",
    when("[detail|fine detail] is [slightly |a little ]drawn out {direction}", 1, 1),
    when("[detail|fine detail] is drawn out {direction}", 2, 2),
    when("[edges|contours] are [softened|smeared] {direction}", 1, 3),
    when("[small|fine] structures trail off {direction}", 1, 3),
    when("the finest texture is pulled into short {directed} streaks", 1, 2, DETAILED),
    when("it looks as if the camera had moved {direction} during the exposure", 2, 5),
    when("[detail|texture] is dragged [out |along ]{direction}", 2, 5),
    when("[points and lines|small details] have turned into {directed} streaks", 3, 5),
    when("long {directed} streaks [replace|take the place of] the [texture|fine detail]", 4, 5),
    when("outlines are smeared [far |widely ]{direction}, so that shapes are hard to follow", 4, 5),
    when("[edges|lines] that do not run {direction} are [lost|wiped out]", 4, 5),
    when("everything looks stretched {direction}", 3, 5),
    when("[narrow|small] details [stretch|lengthen] {direction}", 1, 2),
    when("[sharp|crisp] points are drawn into short {directed} lines", 1, 3),
    when("a [short|light] {directed} trail follows the edges", 1, 1),
)

_GLASS = pool(
    "effect.glass",
    when("edges look [slightly |a little ]frayed", 1, 1),
    when("edges look frayed", 2, 3),
    when("fine lines become [uneven|irregular]", 1, 3),
    when("it looks as if seen through [lightly |finely ]frosted glass", 1, 3),
    when("[small|fine] structures are softened and [a little|slightly] displaced", 1, 1),
    when("[small|fine] structures are softened and displaced", 2, 3),
    when("the finest texture is [scattered|stirred up] and smeared", 1, 3),
    when("[edges|contours] dissolve into an uneven haze", 3, 5),
    when("fine detail is [scattered|displaced] and smeared together", 3, 5),
    when("outlines waver and lose their course", 3, 5),
    when("[texture|fine structure] is washed into a mottled softness", 4, 5),
    when("it looks as if seen through [thickly|heavily] frosted glass", 4, 5),
    when("small details are [pushed out of place|stirred together] and cannot be read", 4, 5),
    when("edges lose their straight course", 2, 4),
)

_ZOOM = pool(
    "effect.zoom",
    when("[detail|fine detail] is [slightly |a little ]pulled outward", 1, 1),
    when("[detail|fine detail] is pulled outward", 2, 2),
    when("edges are softened along lines that [spread from|run away from] the picture's center", 1, 3),
    when("[small|fine] structures lose their crispness the farther out they lie", 1, 2),
    when("it looks as if the lens had been zoomed during the exposure", 2, 5),
    when("[detail|texture] is stretched into rays", 3, 5),
    when("edges are [repeated|doubled] outward", 2, 5),
    when("[radial|outward] streaks [replace|take the place of] the [texture|fine detail]", 3, 5),
    when("[contours|outlines] rush outward and [lose|have lost] their place", 4, 5),
    when("[fine|small] detail [is wiped out|dissolves] along radial lines", 4, 5),
    when("what lies farther from the picture's middle looks softer", 1, 2),
    when("[fine|thin] lines are softened along rays from the picture's middle", 1, 2),
    when("fine detail begins to run away from the picture's middle", 1, 2),
    when("detail trails off toward the picture's borders", 3, 5),
)

_JITTER = pool(
    "effect.jitter",
    when("edges look [slightly |a little ]ragged", 1, 1),
    when("edges look ragged", 2, 2),
    when("neighboring pixels are mixed up at the finest scale", 1, 2),
    when("fine lines [lose|have lost] their smooth course", 1, 3),
    when("the finest texture looks [unsettled|shaken]", 1, 2),
    when("[edges|contours] are torn into scattered pixels", 3, 5),
    when("pixels are shuffled about so that fine detail falls apart", 3, 5),
    when("[outlines|contours] fray in all directions", 3, 5),
    when("texture is scrambled [beyond recognition|completely]", 4, 5),
    when("[small|fine] details are [scattered|strewn about] and cannot be read", 4, 5),
    when("pixels have strayed from their places", 2, 5),
    when("everything looks [crumbled|shaken apart]", 4, 5),
)

_GRAIN = pool(
    "effect.grain",
    when("a [light|faint|fine] grain lies over everything", 1, 1),
    when("fine detail is [lightly|thinly] covered with random specks", 1, 2),
    when("even tones look [slightly|a little] grainy", 1, 1, SMOOTH),
    when("even tones look grainy", 2, 2, SMOOTH),
    when("the finest texture begins to [mix|merge] with the grain", 1, 2, DETAILED),
    when("[small|random] specks [unsettle|disturb] the [even|plain] tones", 1, 3, SMOOTH),
    when("random grain [competes with|disturbs|covers] the fine [texture|detail]", 2, 4),
    when("tones that should be even look gritty", 2, 5),
    when("fine detail is roughened by [random|scattered] specks", 2, 4),
    when("[texture|fine detail] [drowns|is buried] in grain", 4, 5),
    when("[everything|the whole surface] looks coarse and gritty", 3, 5),
    when("subtle tonal differences are [swamped|hidden] by [random|strong] grain", 3, 5),
    when("[smooth|even] surfaces [flicker|swarm] with specks", 3, 5, SMOOTH),
    when("only the [strongest|boldest] edges [stand out from|rise above] the grain", 5, 5),
    when("a [restless|coarse] grain [masks|hides] the [delicate|fine] detail", 3, 5),
    when("it takes on a [slightly|faintly] gritty look", 1, 1),
    when("it takes on a gritty look", 2, 2),
    when("the surface looks [lightly|finely] sanded", 1, 2),
    when("[tiny|fine] random specks are spread over [the detail|everything]", 1, 2),
    when("a [visible|distinct] grain covers [the detail|everything]", 2, 3),
)

_CHROMA = pool(
    "effect.chroma",
    when("[faint|pale] specks of [random|false] color are strewn about", 1, 2),
    when("even tones carry a [slight|faint] colored grain", 1, 2),
    when("fine detail is [lightly|thinly] dotted with [false|random] colors", 1, 2),
    when("red, green and blue specks [are scattered|are sprinkled] over the detail", 2, 5),
    when("colors [flicker|vary at random] from pixel to pixel", 3, 5),
    when("tones that should be even look mottled with [random|false] color", 2, 5),
    when("a [dense|thick] layer of colored specks [hides|covers] the fine detail", 4, 5),
    when("the true colors are [hard|difficult] to make out beneath the specks", 4, 5),
    when("fine texture is [disturbed|interrupted] by colored dots", 2, 4),
    when("a [light|thin] sprinkling of [false|random] color covers the surface", 1, 2),
    when("tiny colored specks [disturb|unsettle] the even tones", 1, 3),
    when("next to each other lie pixels of colors that do not belong together", 3, 5),
)

_MULTIPLICATIVE = pool(
    "effect.multiplicative",
    when("[light|bright] tones look [slightly |a little ]grainy", 1, 1),
    when("[light|bright] tones look grainy", 2, 2),
    when("a [faint|fine] grain follows the brightness of the surface", 1, 2),
    when("fine detail is [lightly|thinly] roughened, most of all in light tones", 1, 2),
    when("the brighter a tone is, the [grittier|grainier] it looks", 2, 5),
    when("[light|bright] surfaces are [peppered|covered] with specks", 2, 5),
    when("fine texture in light tones is [disturbed|broken up] by grain", 2, 4),
    when("[light|bright] areas [drown|are buried] in grain", 4, 5),
    when("[texture|fine detail] is [hard|difficult] to make out, least badly in the dark tones", 4, 5),
    when("random specks [grow stronger|increase] with brightness", 1, 4),
    when("[light|bright] surfaces lose their smoothness to [random|scattered] specks", 1, 3),
    when("fine differences in light tones are [hidden|covered] by grain", 3, 5),
    when("[light|bright] tones look [coarse and gritty|rough]", 3, 5),
)

_BLOTCHES = pool(
    "effect.blotches",
    when("[faint|light] blotches [unsettle|disturb] the even tones", 1, 2),
    when("a [soft|faint], clumped grain lies over the detail", 1, 2),
    when("[even|plain] tones look [slightly |a little ]mottled", 1, 1),
    when("[even|plain] tones look mottled", 2, 2),
    when("[coarse|clumped] grain [competes with|covers] the fine texture", 2, 4),
    when("tones that should be even look [blotchy|mottled]", 2, 5),
    when("small details [merge|are confused] with the clumps of grain", 3, 5),
    when("[thick|heavy] clumps of grain [hide|bury] the fine detail", 4, 5),
    when("the [surface|whole area] looks [coarsely|heavily] mottled", 3, 5),
    when("small clumps of lighter and darker tone are spread over the surface", 1, 3),
    when("[fine|small] detail is [slightly|a little] softened and mixed with faint blotches", 1, 1),
    when("clumps of random tone [mask|hide] all but the bold shapes", 5, 5),
    when("fine texture can [hardly|barely] be told from the blotches", 4, 5),
)

_IMPULSES = pool(
    "effect.impulses",
    when("a few [isolated|stray] pixels stand out", 1, 1),
    when("[single|isolated] pixels of false value are sprinkled [here and there|about]", 1, 2),
    when("fine detail is pricked by [single|isolated|scattered] dots", 1, 3),
    when("[scattered|stray] dots interrupt the [texture|even tones]", 2, 4),
    when("[stark|hard] dots are strewn all over", 3, 5),
    when("[countless|a great many] single pixels [stand out harshly|break up the detail]", 4, 5),
    when("fine texture is [shot through with|riddled with] [stray|false] pixels", 3, 5),
    when("lines and edges are [perforated|punctured] by [hard|stark] dots", 3, 5),
    when("here and there a pixel [flashes out|stands out] against its neighbors", 1, 2),
    when("[single|lone] dots [sit|lie] on the detail like [dust|grains of salt]", 1, 3),
    when("dots of stark value [litter|pepper] the surface", 2, 5),
    when("hardly any spot is free of stray dots", 5, 5),
)

_BLOCKS = pool(
    "effect.blocks",
    when("[faint|slight] square blocks [show|appear] in even tones", 1, 2),
    when("[light|faint] ripples [surround|accompany] sharp edges", 1, 2),
    when("the finest texture is [partly|to some extent] smoothed away", 1, 1, DETAILED),
    when("the finest texture is smoothed away", 2, 2, DETAILED),
    when("fine detail is [slightly |somewhat ]coarsened", 1, 1),
    when("fine detail is coarsened", 2, 2),
    when("square blocks [become visible|can be made out]", 2, 3),
    when("ripples [surround|follow] the edges", 2, 4),
    when("fine texture gives way to block patterns", 3, 5),
    when("gradual tones [turn into|break into] [plain|flat] squares", 3, 5),
    when("everything [falls apart|breaks up] into [plain|coarse] square blocks", 5, 5),
    when("within the blocks hardly any texture [is left|survives]", 4, 5),
    when("[color and brightness|tones] jump from block to block", 4, 5),
    when("edges [turn jagged|are frayed] where they cross the [grid of blocks|block borders]", 3, 5),
    when("[delicate|fine] texture has become a little coarse", 1, 1),
    when("the borders of small squares can be made out on closer inspection", 1, 2),
    when("around edges the surface is [slightly|a little] unsettled", 1, 1),
    when("around edges the surface is unsettled", 2, 3),
    when("colors spread beyond the edges that should hold them", 2, 4),
)

_WAVELETS = pool(
    "effect.wavelets",
    when("the finest texture is [partly|slightly] smeared away", 1, 1),
    when("the finest texture is smeared away", 2, 2),
    when("[faint|light] ripples run along [the|sharp] edges", 1, 2),
    when("detail looks [uneven|patchy], crisp in one spot and soft in the next", 1, 3),
    when("faint texture is [smoothed|ironed] flat", 2, 4),
    when("fine texture is [smeared|washed] into [smudges|soft patches]", 3, 5),
    when("edges are [accompanied|fringed] by ripples", 2, 5),
    when("[weak|subtle] detail has [vanished|disappeared] and only [strong|bold] edges are kept", 4, 5),
    when("[texture|detail] dissolves into [smeary|watery] patches", 4, 5),
    when("[delicate|weak] texture is thinned out", 1, 3),
    when("the finest structures are smoothed out in places", 1, 2),
    when("large parts look smeared, with only the bold edges left", 5, 5),
    when("around edges one sees smudges and ripples", 3, 5),
)

_HALOS = pool(
    "effect.halos",
    when("[narrow|thin] halos [line|follow] the edges", 1, 3),
    when("fine texture looks [a little |somewhat ]harsh", 1, 1),
    when("fine texture looks harsh", 2, 2),
    when("edges look [somewhat|a little] too hard", 1, 1),
    when("edges look too hard", 2, 2),
    when("bright and dark [rims|seams|halos] [line|surround] the edges", 3, 5),
    when("[texture|fine detail] looks [harsh and brittle|scratchy]", 3, 5),
    when("[small|slight] tonal differences are blown up into [hard|harsh] detail", 3, 5),
    when("edges look as if [traced|drawn] with a [hard pencil|pen]", 4, 5),
    when("fine detail is [exaggerated|overdrawn] until it looks [artificial|unnatural]", 3, 5),
    when("fine detail stands out more [harshly|sharply] than is natural", 2, 4),
    when("[texture|fine structure] breaks up into [black and white|light and dark] specks", 5, 5, DETAILED),
    when("edges [stand out|show] a bright seam on one side and a dark one on the other", 2, 5),
)

_SQUARES = pool(
    "effect.squares",
    when("edges look [slightly|a little] stepped", 1, 1),
    when("edges look stepped", 2, 2),
    when("the finest detail is [replaced by|lost to] [tiny|small] squares", 1, 2),
    when("what should be slanted or round shows [small|tiny|fine] steps", 1, 3),
    when("fine texture is [coarsened|reduced to dots]", 1, 3),
    when("what should be slanted or round becomes a staircase", 3, 5),
    when("fine detail is replaced by [plain|uniform] squares", 2, 4),
    when("texture [merges|is merged] into [uniform|plain|single-colored] squares", 3, 5),
    when("small details [are reduced|shrink] to single squares", 3, 5),
    when("only a [coarse|rough] mosaic [is left|remains]", 5, 5),
    when("[shapes|outlines] can only be [guessed|followed] in large steps", 5, 5),
    when("edges turn into [plain|visible] steps", 2, 5),
    when("[squares|little tiles] take the place of [texture|fine structure]", 4, 5),
)

#: The clauses for each distortion; a distortion may use several pools.
SPACE_EFFECTS: Final[Mapping[Distortion, tuple[Template, ...]]] = MappingProxyType(
    {
        _D.BLUR_GAUSSIAN: _SOFT,
        _D.BLUR_LENS: _SOFT,
        _D.BLUR_MOTION: _MOTION,
        _D.BLUR_GLASS: _GLASS,
        _D.BLUR_ZOOM: _ZOOM,
        _D.BLUR_JITTER: _JITTER,
        _D.NOISE_GAUSSIAN_RGB: _GRAIN + _CHROMA,
        _D.NOISE_GAUSSIAN_YCRCB: _CHROMA,
        _D.NOISE_SPECKLE: _MULTIPLICATIVE,
        _D.NOISE_SPATIALLY_CORRELATED: _BLOTCHES,
        _D.NOISE_POISSON: _GRAIN,
        _D.NOISE_IMPULSE: _IMPULSES,
        _D.COMPRESSION_JPEG: _BLOCKS,
        _D.COMPRESSION_JPEG_2000: _WAVELETS,
        _D.OVERSHARPEN_UNSHARP: _HALOS,
        _D.PIXELATE_BOX: _SQUARES,
    }
)
