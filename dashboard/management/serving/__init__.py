"""Composition: a cluster's connection, watch, board and pages wired into one process, and its clean end."""
