"""Who is which customer, and since when: pure rules over tables.

`ids` mints and checks customer ids; `assign` gives a run's clusters their ids; `events` says what events add
up to and seals them; `history` tells a customer's life. Never here: a clock, a database, randomness, field
values.
"""
