"""Work on the project itself: checks, the sample company, the demo."""
