"""The processes of an installation that gets killed: who writes (writer), the worker, and who makes the indices anew (rebuilder)."""
