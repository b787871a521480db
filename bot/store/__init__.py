"""SQLAlchemy Core on aiosqlite: one module per noun.

What every question asks of the database is built once, as a constant or by a cached function: to build a statement anew
takes two thirds of the time that it takes to carry it out.
"""
