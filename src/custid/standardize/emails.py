"""E-mail addresses: one spelling per mailbox.

In: clean distinct values. Out: `email`, `email_local`. Never here: asking a mail server, or mending misspelt
domains.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize import junk
from custid.standardize.text import Outcome, matches, on_some, replaced, where

_ADDRESS = r"[^\s@\"(),:;<>\[\\\]]+@(?:[\p{L}\p{N}-]+\.)+[\p{L}\p{N}-]{2,}"


def emails(values: pa.Array) -> Outcome:
    """`email` (lower case, no plus-tag, no dots before gmail.com) and `email_local` of clean `values`.

    Of several addresses in one value the first is taken; a display name, `mailto:` and <> are dropped.

    >>> found = emails(pa.array(["Ann Lee <Ann.Lee+shop@GoogleMail.com>", "test@test.com", "ann(at)lee"]))
    >>> found.columns["email"].to_pylist()
    ['annlee@gmail.com', None, None]
    """
    lower = pc.utf8_lower(values)
    odd = pc.and_(values.is_valid(), pc.invert(matches(lower, rf"^{_ADDRESS}$")))
    lower = on_some(lower, odd, _found)
    # A hyphen at the end of a label, or a dot at the end of the local part, is no address.
    valid = pc.and_(
        matches(lower, rf"^{_ADDRESS}$"), pc.invert(matches(lower, r"^[.+]|\.\.|[.-]@|@-|-\.|\.-|@[\d.]+$"))
    )
    split = pc.extract_regex(where(valid, lower), r"^(?P<local>[^@+]+)(?:\+[^@]*)?@(?P<domain>.+)$")
    local, domain = pc.struct_field(split, "local"), pc.struct_field(split, "domain")
    domain = pc.if_else(pc.equal(domain, "googlemail.com"), "gmail.com", domain)
    local = on_some(local, pc.fill_null(pc.equal(domain, "gmail.com"), False), lambda some: replaced(some, r"\.", ""))
    email = pc.binary_join_element_wise(local, domain, "@")
    fake = pc.or_(
        pc.is_in(local, pa.array(sorted(junk.EMAIL_LOCALS))),
        pc.is_in(domain, pa.array(sorted(junk.EMAIL_DOMAINS))),
    )
    # a@a.com, xx@xx.com: two or three strokes of one key
    fake = pc.or_(
        fake,
        matches(email, "^(?:" + "|".join(f"{c}{{1,3}}@{c}{{1,3}}[.]" for c in "abcdefghijklmnopqrstuvwxyz") + ")"),
    )
    reason = junk.first_reason(
        junk.because(fake, junk.PLACEHOLDER),
        junk.because(pc.and_(values.is_valid(), pc.is_null(email)), junk.UNREADABLE),
    )
    good = pc.is_null(reason)
    return Outcome({"email": where(good, email), "email_local": where(good, local)}, reason)


def _found(values: pa.Array) -> pa.Array:
    """The first address in values that are more than an address; null where there is none."""
    values = replaced(values, r"\s*(?:\(at\)|\[at\])\s*", "@")
    return pc.struct_field(pc.extract_regex(values, rf"(?:mailto:)?(?P<address>{_ADDRESS})"), "address")
