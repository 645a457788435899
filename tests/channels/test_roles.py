"""What columns are taken for, by name and by contents."""

from __future__ import annotations

import pyarrow as pa
import pytest

from custid.channels.roles import find_roles


def fields(columns: dict[str, list[str]]) -> dict[str, str]:
    return {role.column: role.field for role in find_roles(pa.table(columns))}


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("given_name", "given_name"), ("first_name", "given_name"), ("FirstName", "given_name"), ("Vorname", "given_name"), ("Prénom", "given_name"),
        ("surname", "surname"), ("last_name", "surname"), ("Nachname", "surname"), ("apellidos", "surname"), ("姓", "surname"), ("名", "given_name"),
        ("street_number", "street_number"), ("address_1", "street"), ("address_2", "unit"), ("suburb", "city"), ("postcode", "postcode"),
        ("zip", "postcode"), ("state", "region"), ("date_of_birth", "birth_date"), ("dob", "birth_date"), ("soc_sec_id", "national_id"),
        ("city", "city"), ("email", "email"), ("E-Mail", "email"), ("phone", "phone"), ("MobilePhone", "phone"), ("address", "address"),
        ("full_name", "full_name"), ("gender", "sex"), ("Geschlecht", "sex"), ("姓名", "full_name"), ("手机号", "phone"), ("手机", "phone"),
        ("电话", "phone"), ("邮箱", "email"), ("生日", "birth_date"), ("出生日期", "birth_date"), ("性别", "sex"), ("地址", "address"), ("省", "region"),
        ("市", "city"), ("区", "district"), ("邮编", "postcode"), ("身份证号", "national_id"), ("公司名称", "company"), ("昵称", "nickname"),
        ("会员号", "loyalty_id"), ("openid", "wechat_openid"), ("unionid", "wechat_unionid"), ("统一社会信用代码", "tax_id"),
        ("billing_email", "email"), ("contact_phone", "phone"), ("BillingPostalCode", "postcode"), ("客户手机", "phone"), ("联系人姓名", "full_name"),
        ("username", "username"), ("birth_place", "birth_place"), ("Contact owner", "contact_owner"), ("email_opt_in", "email_opt_in"),
    ],
)  # fmt: skip
def test_a_name_says_what_a_column_means(column: str, field: str) -> None:
    assert fields({column: ["x"]})[column] == field


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("email", ["a@b.de", "c.d@e.org", "f@g.cn"]),
        ("phone", ["13912345678", "+86 138 0013 8000", "15000000001"]),
        ("phone", ["+49 30 1234567", "(212) 555-0100", "+33 1 23 45 67 89"]),
        ("national_id", ["11010519491231002X", "11010119900307803X"]),
        ("birth_date", [f"{year}-03-0{year % 9 + 1}" for year in range(1950, 2000)]),
        ("sex", ["男", "女", "男"]),
        ("full_name", ["王芳", "李雷", "欧阳娜娜"]),
        ("company", ["上海某某贸易有限公司", "Acme GmbH", "Bell Ltd."]),
        ("address", ["上海市静安区南京西路100号", "北京市朝阳区建国路8号院3栋"]),
        ("address", ["12 Main Street", "4 Oak Rd", "77 Hill Avenue Unit 2"]),
        ("given_name", ["Mary", "James", "Linda", "Zelda"]),
        ("surname", ["Smith", "Miller", "Xyzzy", "Jones"]),
        ("postcode", ["SW1A 1AA", "M1 1AE", "90210-1234"]),
    ],
)
def test_a_nameless_column_is_known_by_its_contents(field: str, values: list[str]) -> None:
    assert fields({"c1": values}) == {"c1": field}


@pytest.mark.parametrize(
    "values",
    [
        ["2024-01-02", "2024-03-04", "2023-05-06", "2024-07-08", "2024-09-10"],
        ["12.50", "99.00", "7.25"],
        ["red", "green", "blue"],
        ["1", "0", "1"],
        ["100001", "100002", "100003"],
    ],
)
def test_contents_that_do_not_tell_are_left_alone(values: list[str]) -> None:
    assert fields({"c1": values}) == {"c1": "c1"}


def test_a_name_that_the_contents_refute_is_not_believed() -> None:
    assert fields({"phone": ["yes", "no", "yes", "no", "yes"]}) == {"phone": "source_phone"}
    assert fields({"state": ["enabled", "disabled", "invited", "enabled", "enabled"]}) != {"state": "region"}


def test_a_title_is_a_form_of_address_or_a_job() -> None:
    assert fields({"title": ["Mr", "Mrs."]}) == {"title": "title"}
    assert fields({"title": ["Sales Director", "Clerk"]}) == {"title": "job_title"}


def test_a_customer_name_is_a_company_where_most_of_them_are() -> None:
    assert fields({"客户名称": ["上海甲有限公司", "北京乙有限公司"]}) == {"客户名称": "company"}
    assert fields({"客户名称": ["王芳", "李雷"]}) == {"客户名称": "full_name"}


def test_someone_else_is_never_taken_for_the_customer() -> None:
    assert fields({"owner_email": ["a@b.de", "c@d.de"], "推荐人手机": ["13912345678", "13912345679"]}) == {
        "owner_email": "owner_email",
        "推荐人手机": "推荐人手机",
    }


def test_a_second_column_of_a_field_is_numbered_and_the_surer_one_comes_first() -> None:
    assert fields({"billing_email": ["a@b.de"], "email": ["c@d.de"], "phone": ["1"], "mobile": ["2"]}) == {
        "billing_email": "email_2",
        "email": "email",
        "phone": "phone",
        "mobile": "phone_2",
    }


def test_every_role_says_why_and_how_sure_it_is() -> None:
    for role in find_roles(pa.table({"mail": ["a@b.de"], "c1": ["a@b.de"], "zzz": ["1"]})):
        assert 0 <= role.confidence <= 1
        assert role.reason


def test_fields_are_distinct_whatever_the_columns_are_called() -> None:
    names = [
        "Total Spent",
        "total_spent",
        "total spent",
        "email",
        "EMAIL",
        "channel",
        "source_channel",
        "备注",
        "?",
        "!",
    ]
    found = [role.field for role in find_roles(pa.table({name: ["1"] for name in names}))]
    assert len(set(found)) == len(found)
