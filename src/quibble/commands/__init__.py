"""The commands of the command line, one module each; quibble.cli imports a module when its command runs."""
