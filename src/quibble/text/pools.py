"""Question pools for descriptions, grounding and referring, in the kinds of IQA-Octopus (its tables 9 to 17).

Slots: {region}, {defect}, {first}, {second}. Questions about the least degraded region ask among the degraded ones
only, since an untouched region is no answer to them. Pools grow at the end only (see quibble.text.grammar).
"""

from __future__ import annotations

from typing import Final

from quibble.text.grammar import Template, pool

GLOBAL: Final = pool(
    "ask.global",
    "How good is this picture, and what makes it so?",
    "Tell me everything that matters about the quality of this [picture|photo|image].",
    "Judge the quality of this [photograph|image] and give your reasons.",
    "What is wrong with this picture, if anything? Be thorough.",
    "Write a careful report on the technical quality of the image.",
    "Describe the quality of the picture as a whole, with its [flaws|defects] and their effect on detail.",
    "If you had to review this image for its quality, what would you write?",
    "Is this a good-quality picture? Explain in detail.",
    "Go over the picture and say which quality problems it has and how bad they are.",
    "Which distortions can be seen in this image, and what do they do to it?",
    "How badly is this image degraded? Describe what you see.",
    "Explain what lowers the quality of this photo, if anything does.",
    "Please examine the picture for distortions and sum up its quality.",
    "What would a strict photo editor say about the quality of this image?",
    "Comment at length on sharpness, noise, exposure, color and artifacts in this picture.",
    "Rate the image in words and back up the verdict with what can be seen.",
    "Look at the texture and the fine detail: how well has this picture kept them?",
    "What are your impressions of the quality of this photograph? Don't leave out the details.",
    "Give me a full account of the visible [flaws|damage] in this picture.",
    "From a quality point of view, what stands out in this image?",
    "Could you describe how clean or how damaged this picture is?",
    "Walk me through the quality of this image, from the overall look down to the texture.",
    "What keeps this picture from being flawless, if anything?",
    "Sum up the image quality in a short paragraph, with the reasons for your verdict.",
    "Does anything spoil this picture? Say what, where and how much.",
    "I want to know how this image holds up technically. Describe it in detail.",
    "Inspect this picture and report on all degradations that you find.",
    "How would you describe the state of this image to someone who cannot see it?",
    "Please give a detailed opinion of how this photo looks in terms of quality.",
    "In what condition is this picture? Mention every visible defect and its effect.",
    "Assess the technical quality of this image in detail.",
    "Give a thorough assessment of this [picture|photo], with all its defects.",
    "Evaluate this image: name its flaws, where they are and how strong.",
    "What would you criticize about this picture from a technical point of view? Go into detail.",
    "Please review the quality of this photograph and explain your judgment.",
    "Analyze the quality of the image and describe each distortion you find.",
    "Describe in detail what is wrong with this picture, where, and how badly.",
    "Tell me in detail how good this picture is and why.",
    "What are the strengths and weaknesses of this image, technically?",
    "How does this picture look to you? Describe its quality at length.",
    "Explain in a few sentences how good or bad the quality is.",
    "Which problems does this photo have? Describe them all.",
    "Take a close look at this image and describe its condition.",
    "List and describe all the defects of this picture.",
    "Is anything spoiling this image? Explain what and where.",
    "What stands out when you look at the quality of this picture?",
    "Describe any distortion in the image and its effect on what it shows.",
    "Make a full quality report of this picture.",
    "What visible flaws does this image have, and how do they affect it?",
    "Give your expert opinion on the quality of this photo.",
)

LOCAL: Final = pool(
    "ask.local",
    "What is the quality of {region} like? Go into detail.",
    "Look closely at {region} and describe how good or bad {region:they} {region:look}.",
    "Describe {region} with an eye to quality: what is wrong there, and how much?",
    "How well {region:are} {region} rendered? Explain what you see.",
    "Concentrate on {region}. Which defects are there and what do they do to the detail?",
    "Give a detailed account of the quality of {region}.",
    "Is anything wrong with {region}? Describe {region:their} condition thoroughly.",
    "Take a close look at {region} and report on sharpness, noise, tone and artifacts.",
    "Tell me about the image quality in {region}.",
    "How [badly|much] {region:are} {region} degraded, if at all? Please be specific.",
    "Judge {region} only, not the rest of the picture. What is the quality there?",
    "What has happened to texture and detail in {region}?",
    "Please inspect {region} and explain what affects {region:their} quality.",
    "Could you assess {region} and describe every visible flaw?",
    "Write a short quality report about {region}.",
    "What would you criticize about {region} from a technical point of view?",
    "In what condition {region:are} {region}? Describe what can be seen.",
    "How do distortions, if there are any, change the look of {region}?",
    "Leave the rest aside and describe the quality of {region} in full.",
    "I am interested in {region}. How good {region:do} {region:they} look, and why?",
)

HYD_MOST: Final = pool(
    "ask.hyd_most",
    "Which part of the picture is damaged the most?",
    "Where is the quality of this image at its worst?",
    "Find the region that suffers most from all its distortions taken together.",
    "What area has been degraded the hardest?",
    "Point out the region where the distortions add up to the greatest damage.",
    "Of everything in this image, what looks worst in terms of quality?",
    "Show me the area with the poorest quality.",
    "Which region has lost the most quality, all defects counted?",
    "Where do the defects pile up the most?",
    "Segment the most heavily distorted part of this image.",
    "Name and outline the region with the strongest overall degradation.",
    "Where would you look first to repair the worst damage in this picture?",
    "Which area is in the worst shape?",
)

HYD_LEAST: Final = pool(
    "ask.hyd_least",
    "Among the degraded regions, which one is damaged the least?",
    "Of all the areas that have distortions, which one still looks best?",
    "Find the distorted region whose defects add up to the least damage.",
    "Which of the damaged parts got off most lightly?",
    "Point out the region that is degraded, but less so than the other degraded ones.",
    "Where, among the distorted areas, is the overall degradation weakest?",
    "Of the regions with visible defects, which has kept the most quality?",
    "Show me the mildest case among the degraded regions.",
    "Which degraded area would need the least repair?",
    "Segment the region with distortions whose quality has suffered least.",
    "Compare the distorted regions: which one is the least affected?",
    "Among the parts with defects, where is the total damage smallest?",
    "Out of the affected areas, name the one in the best condition.",
)

SID_MOST: Final = pool(
    "ask.sid_most",
    "Where {defect:are} {defect} strongest?",
    "Which region shows the heaviest {defect}?",
    "Find the area with the worst {defect}.",
    "What part of the picture suffers most from {defect}?",
    "Looking at {defect} alone, which region is hit hardest?",
    "Segment the region in which {defect} {defect:are} most severe.",
    "Point to the place where {defect} {defect:reach} the highest level.",
    "Which area would you pick as the most extreme case of {defect}?",
    "In which region {defect:do} {defect} do the most harm?",
)

SID_LEAST: Final = pool(
    "ask.sid_least",
    "Among the regions with {defect}, where {defect:are} {defect:they} weakest?",
    "Which of the areas that have {defect} shows the least of {defect:them}?",
    "Find the region where {defect} {defect:are} visible, yet milder than elsewhere in the picture.",
    "Of all the parts affected by {defect}, which one is affected least?",
    "Looking only at regions with {defect}, which is the mildest case?",
    "Segment the region with the lowest, but not zero, level of {defect}.",
    "Point out where {defect} {defect:are} present but weakest.",
    "{defect} can be found in more than one region: in which {defect:are} {defect:they} least severe?",
    "Of the regions that show {defect}, name the one with the smallest amount.",
)

DAO_PAIR: Final = pool(
    "ask.dao_pair",
    "Which region was given {first} first and {second} after that?",
    "Find the area where {second} {second:come} on top of {first}.",
    "Where {first:were} {first} applied before {second}?",
    "Segment the region whose distortions were added in the order {first}, then {second}.",
    "Which part of the picture went through {first} and only then {second}?",
    "Point out the region in which {first} {first:are} followed by {second}.",
    "One region got {first} and afterwards {second}. Which one is it?",
)

DAO_FIRST: Final = pool(
    "ask.dao_first",
    "In which region {first:were} {first} the first distortion to be added?",
    "Which region's chain of distortions starts with {first}?",
    "Find the area that was hit by {first} before anything else.",
    "Where {first:do} {first} lie beneath the other distortion?",
    "Segment the region that began its degradation with {first}.",
    "Which part of the image had {first} first and something else later?",
    "Point out the region where {first} came at the start of the distortion sequence.",
)

DAO_LAST: Final = pool(
    "ask.dao_last",
    "In which region {second:were} {second} the last distortion to be added?",
    "Which region's chain of distortions ends with {second}?",
    "Find the area where {second} came after everything else.",
    "Where {second:do} {second} lie on top of the other distortion?",
    "Segment the region that finished its degradation with {second}.",
    "Which part of the image got {second} as the final step?",
    "Point out the region where {second} came at the end of the distortion sequence.",
)

REFER_SHORT_SINGLE: Final = pool(
    "ask.refer_short_single",
    "What is the main distortion of {region}? Answer in a word or two.",
    "Name the defect of {region} in a short phrase.",
    "Which distortion affects {region} the most? Keep it brief.",
    "What is wrong with {region}? Just name it.",
    "State the distortion in {region} with a short phrase.",
    "Which quality problem {region:do} {region} have? A short answer, please.",
    "In a few words: what spoils {region}?",
    "Give only the name of the distortion seen in {region}.",
    "What kind of degradation is visible in {region}? Reply briefly.",
    "{region}: which defect? Short answer.",
    "Identify the quality issue of {region}, in no more than a few words.",
    "What do you notice about the quality of {region}? Name the defect only.",
    "Tell me in brief which distortion {region} {region:suffer} from.",
    "Label the degradation of {region} with a short phrase.",
    "Which flaw stands out in {region}? Name it, nothing more.",
)

REFER_LONG_SINGLE: Final = pool(
    "ask.refer_long_single",
    "What is the main distortion of {region}, and what does it do to the detail there?",
    "Name the defect of {region} and describe its effect.",
    "Which distortion affects {region} the most? Explain how it shows.",
    "What is wrong with {region}? Say how it changes the look.",
    "State the distortion in {region} and describe the damage that it does.",
    "Which quality problem {region:do} {region} have, and how can one see it?",
    "What spoils {region}? Answer with the defect and its visible consequences.",
    "Name the distortion seen in {region} and tell me what it does to texture and edges.",
    "What kind of degradation is visible in {region}? Describe its impact.",
    "Identify the quality issue of {region} and explain its effect on what is shown there.",
    "What do you notice about the quality of {region}? Give the defect and its effect.",
    "Tell me which distortion {region} {region:suffer} from and how strongly it shows.",
    "Characterize the degradation of {region} and its influence on detail.",
    "Which flaw stands out in {region}, and why does it matter for the look?",
    "How would you explain the damage in {region} and where it comes from?",
)

REFER_SHORT_DOUBLE: Final = pool(
    "ask.refer_short_double",
    "Name the two distortions of {region} in short phrases.",
    "Which two defects affect {region}? Keep it brief.",
    "What are the two quality problems of {region}? Just name them.",
    "Give only the names of the distortions seen in {region}.",
    "What is wrong with {region}? List the defects, nothing more.",
    "In a few words: what spoils {region}?",
    "Which two kinds of degradation are visible in {region}? Reply briefly.",
    "List both distortions that {region} {region:suffer} from.",
    "{region}: which defects? Short answer.",
    "State the quality issues of {region} in a few words.",
    "Two things degrade {region}. Which? Name them only.",
    "Label the degradations of {region} with short phrases.",
    "Which distortions can be made out in {region}? A short list, please.",
    "Tell me in brief which flaws {region} {region:have}.",
    "Identify every distortion in {region}, in no more than a few words.",
)

REFER_LONG_DOUBLE: Final = pool(
    "ask.refer_long_double",
    "Name the two distortions of {region} and describe what they do to the detail there.",
    "Which two defects affect {region}, and how do they show?",
    "What are the two quality problems of {region}? Explain the effect of each.",
    "Name the distortions seen in {region} and tell me what each does to texture and edges.",
    "What is wrong with {region}? List the defects with their visible consequences.",
    "What spoils {region}? Describe the damage that each distortion does.",
    "Which two kinds of degradation are visible in {region}? Describe their impact.",
    "Two distortions hit {region}. Which are they, and what have they changed?",
    "State the quality issues of {region} and explain how they alter the look.",
    "Identify every distortion in {region} and its influence on detail.",
    "Two things degrade {region}. Which, and with what effect?",
    "Characterize the degradations of {region}, one after the other.",
    "Which distortions can be made out in {region}, and how can one see them?",
    "Tell me which flaws {region} {region:have} and how strongly each shows.",
    "How would you explain the damage in {region}? Mention all distortions and their effects.",
)

#: Every question pool by name.
QUESTIONS: Final[dict[str, tuple[Template, ...]]] = {
    templates[0].id.rpartition(".")[0].removeprefix("ask."): templates
    for templates in (
        GLOBAL,
        LOCAL,
        HYD_MOST,
        HYD_LEAST,
        SID_MOST,
        SID_LEAST,
        DAO_PAIR,
        DAO_FIRST,
        DAO_LAST,
        REFER_SHORT_SINGLE,
        REFER_LONG_SINGLE,
        REFER_SHORT_DOUBLE,
        REFER_LONG_DOUBLE,
    )
}
