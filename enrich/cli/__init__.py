"""The command line: every command parses, calls one function of the library, and prints."""

from enrich.cli.app import main

__all__ = ["main"]
