"""Operators written with kopf: they know a cluster's API and nothing else, so that they run on any cluster."""
