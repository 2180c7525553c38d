"""Writes of the casework. Import the module that has the move: drafting, submitting, screening, evaluating, deciding, communicating, clocks."""
