"""Descriptions, comparisons and reasoning about distorted pictures and their reference, in the manner of DepictQA."""
