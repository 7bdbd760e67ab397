"""Words: question pools, and answers written from exact parameters. Needs the core only."""
