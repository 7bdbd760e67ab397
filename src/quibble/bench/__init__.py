"""Benchmarks: the metrics of the field, readers of its files, judges, tables, and quibble's own benchmark."""
