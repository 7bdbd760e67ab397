"""Boxes in descriptions, and in questions and answers on quality, from descriptions without any (Grounding-IQA)."""
