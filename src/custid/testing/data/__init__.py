"""Words that made-up customers are put together from: common names and places, which are facts, and invented parts.

In: nothing. Out: constants. Never here: a real person, a real company, or anything random.
"""
