"""The commands of `branchline`, one module per family; operate/cli.py imports them on use."""
