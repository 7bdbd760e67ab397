"""People's work on Label Studio: studies, sittings, labelling pages, answers as records, and how far people agree."""
