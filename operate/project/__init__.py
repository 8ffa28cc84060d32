"""Work on the project itself: checks, the made-up company, the demo."""
