"""Training: recipes, one loop, losses, checkpoints, export. Imported by the command line only, and lazily."""
