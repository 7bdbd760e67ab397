"""Builders of data sets from photographs. They need the extra `data`."""
