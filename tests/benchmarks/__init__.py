"""The speed promises of the program, each measured as a ratio within one run. `python -m tests.benchmarks --help`."""
