"""The summary at the end of a run: questions, their answers, how they look."""
