"""E-mail addresses: one spelling per mailbox.

In: clean distinct values. Out: `email`, `email_local`. Never here: asking a mail server, or mending misspelt
domains.

What providers themselves say of their addresses: Gmail ignores dots; Proton dots, hyphens and underscores, and one name
is the same person at all its domains; so it is at Apple's and at Yandex's, where a hyphen is a dot. Yahoo's throw-away
addresses put a keyword behind a hyphen.
"""

from __future__ import annotations

from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from custid.standardize import junk
from custid.standardize.text import Outcome, each, map_values, matches, on_some, replaced, where, words

# Domain → the one it is another name of.
_SAME_PROVIDER = {
    "googlemail.com": "gmail.com",
    "protonmail.com": "proton.me",
    "protonmail.ch": "proton.me",
    "pm.me": "proton.me",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "ya.ru": "yandex.ru",
    **{f"yandex.{country}": "yandex.ru" for country in ("com", "by", "kz", "ua", "com.tr")},
}
#: Mailboxes of a function, which many people read: equal in two companies by nature.
ROLE_MAILBOXES = frozenset(
    words(
        "info sales support admin office contact contacts service services help helpdesk webmaster postmaster "
        "hostmaster abuse billing accounts accounting finance invoice invoices orders order marketing press media "
        "pr hr jobs career careers legal privacy security enquiries inquiries enquiry mail email hello team "
        "reception general manager kontakt buero buchhaltung rechnung vertrieb einkauf bewerbung kundenservice "
        "zentrale verwaltung service-client commercial comptabilite accueil recrutement ventas contacto "
        "facturacion administracion compras vendite amministrazione acquisti segreteria kefu caiwu hr-cn zhaopin "
        "xiaoshou "
    )
)

_ADDRESS = r"[^\s@\"(),:;<>\[\\\]]+@(?:[\p{L}\p{N}-]+\.)+[\p{L}\p{N}-]{2,}"


def emails(values: pa.Array) -> Outcome:
    """`email` (lower case, no plus-tag, one spelling per provider) and `email_local` (null for role mailboxes) of
    clean `values`.

    Of several addresses in one value the first is taken; a display name, `mailto:` and <> are dropped.

    >>> found = emails(pa.array(["Ann Lee <Ann.Lee+shop@GoogleMail.com>", "test@test.com", "ann(at)lee"]))
    >>> found.columns["email"].to_pylist()
    ['annlee@gmail.com', 'test@test.com', None]
    >>> found.reason.to_pylist()
    [None, 'placeholder', 'unreadable']
    """
    lower = pc.utf8_lower(values)
    odd = pc.and_(values.is_valid(), pc.invert(matches(lower, rf"^{_ADDRESS}$")))
    lower = on_some(lower, odd, _found)
    # A hyphen at the end of a label, or a dot at the end of the local part, is no address.
    lower = on_some(lower, matches(lower, r"@.*[^\x00-\x7f]"), _in_ascii)
    valid = pc.and_(
        matches(lower, rf"^{_ADDRESS}$"), pc.invert(matches(lower, r"^[.+]|\.\.|[.-]@|@-|-\.|\.-|@[\d.]+$|^[^@]{65}"))
    )
    split = pc.extract_regex(where(valid, lower), r"^(?P<local>[^@+]+)(?:\+[^@]*)?@(?P<domain>.+)$")
    local, domain = pc.struct_field(split, "local"), pc.struct_field(split, "domain")
    # What depends on the domain alone is worked out once per domain.
    domains = domain.dictionary_encode()
    providers, of = map_values(domains.dictionary, _SAME_PROVIDER), domains.indices
    for provider, pattern, by in _SAME_MAILBOX:
        at_provider = pc.fill_null(matches(providers, provider).take(of), False)
        local = on_some(local, at_provider, partial(replaced, pattern=pattern, by=by))
    domain = providers.take(of)
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
    # abc@abc.com, test@test.org; at QQ a name is a number of five digits at least
    label = pc.struct_field(pc.extract_regex(providers, r"^(?P<label>[^.]+)"), "label").take(of)
    same = where(pc.fill_null(pc.equal(local, label), False), local)
    twice = pc.or_(matches(same, r"^(?:.{1,3}|\d+)$"), pc.is_in(same, _TYPED))
    fake = pc.or_(pc.fill_null(fake, False), pc.fill_null(twice, False))
    at_qq = pc.fill_null(pc.equal(domain, "qq.com"), False)
    fake = pc.or_(fake, pc.and_(at_qq, matches(local, r"^(?:\d{1,4}|[^\x00-\x7f].*)$")))
    reason = junk.first_reason(
        junk.masked(values),
        junk.digit_junk(local),
        junk.because(fake, junk.PLACEHOLDER),
        junk.because(pc.and_(values.is_valid(), pc.is_null(email)), junk.UNREADABLE),
    )
    # The same function in two companies says nothing.
    own = pc.invert(pc.fill_null(pc.is_in(local, pa.array(sorted(ROLE_MAILBOXES))), False))
    return Outcome({"email": email, "email_local": where(own, local)}, reason)


# Domains, and what makes no difference before the @ there.
_SAME_MAILBOX = (
    (r"^gmail\.com$", r"\.", ""),
    (r"^proton\.me$", r"[._-]", ""),
    (r"^yandex\.ru$", "-", "."),
    (r"^(?:yahoo|ymail|rocketmail)\.", "-.*$", ""),
)
_TYPED = pa.array(["test", "none", "asdf", "guest", "user", "mail", "email", "name", "qwerty", "admin", "customer"])


def _in_ascii(values: pa.Array) -> pa.Array:
    """Addresses whose domain is in other letters, with the domain as it is in the DNS (IDNA)."""

    def in_ascii(value: str) -> str | None:
        local, _, domain = value.rpartition("@")
        try:
            return f"{local}@{domain.encode('idna').decode('ascii')}"
        except UnicodeError:
            return None

    return each(values, in_ascii)


def _found(values: pa.Array) -> pa.Array:
    """The first address in values that are more than an address; null where there is none."""
    values = replaced(replaced(values, r"\s*(?:\(at\)|\[at\])\s*", "@"), "[。｡]", ".")
    two_signs = matches(values, r"@[^\s,;/<>()|、]*@")
    found = pc.extract_regex(where(pc.invert(two_signs), values), rf"(?:mailto:|^'|[\s<]')?(?P<address>{_ADDRESS})")
    return pc.struct_field(found, "address")
