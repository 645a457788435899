"""Ways to and from other libraries for the same work. Each module imports its library where it is used."""
