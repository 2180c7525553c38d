"""Writes of a pilot. Import the module that has the move: approving, preparing, running, ending, recording, presenting, assigning."""
