"""Custom resources: what a CustomResourceDefinition adds to the API."""
