"""A chain of big stores with a web shop, which sells in four currencies."""
