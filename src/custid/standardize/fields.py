"""The fields custid knows, and the kind of value each holds.

In: nothing. Out: `FIELDS`, and `kind_of`. Never here: how a value is made comparable (see the module of its
kind).

A field is what a column of a channel means. Channels map their columns to fields; a column that means nothing
custid knows keeps its own name, is stored, shown and survives, but is not compared. A record may hold several
values of one field: the second e-mail is the field `email_2`, the third `email_3`.
"""

from __future__ import annotations

import re

#: field → kind. Kinds name the modules and functions that standardize them.
FIELDS: dict[str, str] = {
    # people
    "full_name": "name",
    "given_name": "name",
    "middle_name": "name",
    "surname": "name",
    "maiden_name": "name",
    "nickname": "name",
    "name_suffix": "name",
    "title": "name",
    "birth_date": "date",
    "sex": "sex",
    "birth_place": "text",
    "nationality": "text",
    "occupation": "text",
    # companies
    "company": "company",
    # ways to reach them
    "email": "email",
    "phone": "phone",
    # where they are
    "address": "address",
    "street": "address",
    "street_number": "address",
    "unit": "address",
    "subdistrict": "address",
    "district": "address",
    "city": "address",
    "region": "address",
    "postcode": "address",
    "country": "address",
    # numbers that name them
    "national_id": "identifier",
    "tax_id": "identifier",
    "passport": "identifier",
    "loyalty_id": "identifier",
    "iban": "identifier",
    "lei": "identifier",
    # handles and devices
    "wechat_openid": "identifier",
    "wechat_unionid": "identifier",
    "wechat_external_userid": "identifier",
    "wechat_id": "identifier",
    "qq": "identifier",
    "social_handle": "identifier",
    "device_id": "identifier",
    "cookie_id": "identifier",
    "other_id": "identifier",
    # within what a handle is unique: an app, an enterprise, a network
    "wechat_app": "namespace",
    "wechat_corp": "namespace",
    "social_network": "namespace",
}

_NUMBERED = re.compile(r"^(?P<base>.+?)_(?P<number>[2-9]|[1-9]\d)$")


def base_of(field: str) -> str:
    """The field without its number.

    >>> base_of("email_2"), base_of("email"), base_of("address_line_2")
    ('email', 'email', 'address_line_2')
    """
    found = _NUMBERED.match(field)
    return found["base"] if found and found["base"] in FIELDS else field


def kind_of(field: str) -> str | None:
    """The kind of value `field` holds; None for a field custid does not know.

    >>> kind_of("email_2"), kind_of("favourite_colour")
    ('email', None)
    """
    return FIELDS.get(base_of(field))
