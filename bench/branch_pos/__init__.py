"""The files of the tills: how many of them are made, and what raw must hold of them."""
