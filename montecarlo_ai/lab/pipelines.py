"""Law 7, by counterparty: the pipeline of each contract, and what all of them together do in a step.

How many contracts there are is known when a model is built, so that their pipelines are composed then: each
contract's function does its own and hands the sums on to the next one's. Lead time is shared, which makes the pipeline
of all orders the sum of these and of the lab's own.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, NamedTuple

from montecarlo_ai.lab.commitments import called_off, deferrable, put_off
from montecarlo_ai.lab.contracts import Contract, field_name
from montecarlo_ai.lab.fleet import pipeline_after
from montecarlo_ai.lab.parameters import State

Advance = Callable[..., Any]

PLACES = 4  # states of a contract: two stages of its pipeline, what it has delivered, and what is put off


class Pace(NamedTuple):
    """How fast contracts are kept and delivered in a step, common to all.

    ``recalled`` and ``lapsed`` are shares of what has been put off: called off again, and gone for good.
    """

    kept: float
    deferral: float
    pressure: float
    take_or_pay: float
    moved: float
    recalled: float
    lapsed: float


class Called(NamedTuple):
    """All contracts in a step, USD/year of bill.

    ``ordered`` by their schedules; ``placed``, what of that and of what was put off goes on order; ``deferred``, what
    is put off after the step; ``cancelled``, what of it lapsed; ``delivered``, and ``firm`` of that. ``equity`` and
    ``warrants`` are what suppliers attached to it, USD/GW x USD/year.
    """

    ordered: float
    placed: float
    deferred: float
    cancelled: float
    delivered: float
    firm: float
    equity: float
    warrants: float


def state_type(contracts: Sequence[Contract]) -> Any:
    """Return the NamedTuple class of the lab's state: that of every lab, then four fields a contract."""
    bill = Annotated[float, "USD/year"]
    fields = list(State.__annotations__.items())
    for contract in contracts:
        name = field_name(contract.counterparty)
        fields += [(f"{part}_{name}", bill) for part in ("early", "late", "delivered", "deferred")]
    return NamedTuple("State", fields)


def pipelines(contracts: Sequence[Contract]) -> Advance:
    """Return the function (state, forcing, pace, zeros) of a step of all contracts.

    It returns the states of the contracts, four each, and then the sums of `Called`, all in one tuple.
    """
    advance: Advance = _sums
    for index in reversed(range(len(contracts))):
        advance = _joined(contracts[index], index, advance)
    return advance


def beginnings(contracts: Sequence[Contract]) -> Advance:
    """Return the function (base bill, pipeline, take-or-pay, firm, known) of the states of all contracts at the start.

    It returns those states, four each, then the firm part of the base bill and the base bill of all contracts.
    """
    base = sum(contract.base_bill for contract in contracts)
    begin: Advance = _known
    for contract in reversed(contracts):
        begin = _begun(contract, contract.base_bill / base if base > 0.0 else 0.0, begin)
    return begin


def _joined(contract: Contract, index: int, rest: Advance) -> Advance:
    """Return the step of a contract and of those after it."""
    first = len(State._fields) + PLACES * index
    speed, flexibility, fixed = contract.speed, contract.flexibility, contract.take_or_pay
    equity_per_power, warrants_per_power = contract.equity_per_power, contract.warrants_per_power

    def advance(state: Any, forcing: Any, pace: Pace, called: Called) -> Any:
        ordered = called_off(forcing[index], speed * pace.kept)
        recalled = pace.recalled * state[first + 3]
        waiting = state[first + 3] - recalled
        held = put_off(ordered + recalled, deferrable(flexibility, pace.deferral), pace.pressure)
        placed = ordered + recalled - held
        lapsed = pace.lapsed * waiting
        deferred = waiting - lapsed + held
        queue = pipeline_after(state[first], state[first + 1], placed, pace.moved)
        sums = Called(
            called.ordered + ordered,
            called.placed + placed,
            called.deferred + deferred,
            called.cancelled + lapsed,
            called.delivered + queue.delivered,
            called.firm + fixed * pace.take_or_pay * queue.delivered,
            called.equity + equity_per_power * queue.delivered,
            called.warrants + warrants_per_power * queue.delivered,
        )
        mine = (queue.early, queue.late, state[first + 2] + queue.delivered, deferred)
        return mine + rest(state, forcing, pace, sums)

    return advance


def _sums(state: Any, forcing: Any, pace: Pace, called: Called) -> Any:
    """Return the sums that the last contract hands on, as a plain tuple."""
    return called[:]


def _begun(contract: Contract, base_share: float, rest: Advance) -> Advance:
    """Return the start of a contract and of those after it."""
    waiting, fixed = 0.5 * contract.waiting, contract.take_or_pay

    def begin(base_bill: float, pipeline: float, take_or_pay: float, firm: float, known: float) -> Any:
        mine = base_share * base_bill
        place = waiting * pipeline
        later = rest(base_bill, pipeline, take_or_pay, firm + fixed * take_or_pay * mine, known + mine)
        first = (place, place, mine, 0.0)
        return first + later

    return begin


def _known(base_bill: float, pipeline: float, take_or_pay: float, firm: float, known: float) -> Any:
    """Return the firm base bill, that of the lab's own orders with it."""
    return (firm + take_or_pay * (base_bill - known), known)
