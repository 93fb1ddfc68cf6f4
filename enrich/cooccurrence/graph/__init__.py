"""Tracklists as a networkx graph, and its files."""
