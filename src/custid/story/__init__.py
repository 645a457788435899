"""The customer's story: what customers did, joined to who they are.

In: tables of interactions (orders, tickets, visits …), keyed by a channel's record id or by an e-mail address, phone or
device; a registry. Out: one customer's time line, and measures of all customers.
Never here: storing interactions, which stay where they are, or deciding who is who.
"""
