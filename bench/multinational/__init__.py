"""The data of a company in five places, in its full size."""
