"""Converting files in worker processes while others are written."""
