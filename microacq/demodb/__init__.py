"""PostgreSQL as Django knows it, except that the first connection starts the demonstration's database if need be."""
