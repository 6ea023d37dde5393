"""Scenarios of the lab that contradict themselves: what is wrong, the file that makes it so, the field named."""

from __future__ import annotations


def one(name: str, value: float) -> str:
    """Return the file that makes an input a number."""
    return f"[inputs.{name}]\nvalue = {value}\n"


def contract(terms: str) -> str:
    """Return the file that changes a contract, or adds one."""
    return f"[[contracts]]\n{terms}\n"


TOTAL = 'counterparty = "Site"\nbase_bill = 0.0\ntotal = 90e9\n'

CONTRADICTIONS: tuple[tuple[str, str, str], ...] = (
    ("a share above one", one("inference_share", 1.2), "inputs.inference_share"),
    ("low above high", '[inputs.rebound]\ndistribution = "uniform"\nlow = 0.6\nhigh = 0.1\n', "inputs.rebound.low"),
    (
        "a price that may be negative",
        '[inputs.power_cost]\ndistribution = "normal"\ninterval = [-1e9, 20e9]\n',
        "inputs.power_cost",
    ),
    ("compute for nothing", one("power_cost", 0.0), "inputs.power_cost"),
    ("sales that nobody pays", one("base_paying_share", 0.0), "inputs.base_paying_share"),
    ("sales that no compute serves", one("inference_share", 0.0), "inputs.inference_share"),
    ("business without compute", one("business_share_of_paid", 0.0), "inputs.business_share_of_paid"),
    ("a market below its users", one("user_market", 0.5e9), "inputs.user_market"),
    ("sales of a year in billions", one("trailing_revenue", 13.0), "inputs.trailing_revenue"),
    ("a partner with a share of revenue and of profit", one("profit_share", 0.75), "inputs.profit_share"),
    ("partners that take all revenue", one("revenue_share", 0.9), "inputs.revenue_share"),
    ("megawatts for gigawatts", one("base_power", 1900.0), "inputs.base_power"),
    ("a bill in millions", one("base_bill", 24e3), "inputs.base_bill"),
    ("a winter that lifts valuations above a boom's", one("winter_multiple", -0.5), "inputs.winter_multiple"),
    ("more rounds in a winter than in a boom", one("boom_rounds", 0.01), "inputs.winter_rounds"),
    (
        "free users who get nothing",
        one("free_rationing", 1.0) + one("free_floor", 0.0),
        "inputs.free_floor",
    ),
    ("contracts of eight times the fleet", contract('counterparty = "Oracle"\nbase_bill = 180e9'), "inputs.base_bill"),
    ("a contract in billions", contract('counterparty = "AWS"\nadded_bill = [1.5, 2.0]'), "contracts.AWS.added_bill"),
    ("more waiting than is on order", contract('counterparty = "AWS"\nwaiting = 0.9'), "contracts.AWS.waiting"),
    ("a share of a contract in percent", contract('counterparty = "AWS"\ntake_or_pay = 90'), "contracts.AWS.take"),
    (
        "a counterparty twice",
        contract('counterparty = "oracle!"\nbase_bill = 0.0'),
        "contracts.oracle!.counterparty",
    ),
    ("a counterparty of two lines", contract('counterparty = "a\\nb"\nbase_bill = 0.0'), "contracts[7].counterparty"),
    ("a contract that ends before it starts", contract(f"{TOTAL}start = 2027.0\nterm = -2.0"), "contracts.Site.term"),
    ("a ramp beyond the term", contract(f"{TOTAL}start = 2027.0\nterm = 2.0\nramp = 3.0"), "contracts.Site.ramp"),
    ("a contract that is over", contract(f"{TOTAL}start = 2015.0\nterm = 6.0"), "contracts.Site.term"),
    ("a day for a year", contract(f"{TOTAL}start = 2027-07-01\nterm = 6.0"), "contracts[7].start"),
    (
        "a total beside a table",
        contract(f"{TOTAL}start = 2027.0\nterm = 6.0\nadded_bill = [1e9]"),
        "contracts.Site.added_bill",
    ),
)
"""Rows: what is wrong, the text after the line that names the preset, the beginning of the field in the error."""
