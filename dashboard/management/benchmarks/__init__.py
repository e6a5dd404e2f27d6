"""Measurements behind `manage.py bench`: each module measures one thing and returns one flat object."""
