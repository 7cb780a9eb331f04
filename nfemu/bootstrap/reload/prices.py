"""What `plans.yaml` says, as facts."""

from nfemu.bootstrap.reload.facts import Facts
from nfemu.model.plans import Period, Plan, PriceList, Service


def price_facts(prices: PriceList) -> Facts:
    return {
        "fees": {"begin": f"{prices.begins:%H:%M}", "window": str(prices.window), "seed": str(prices.seed)},
        **{f"service {service.name}": _service(service) for service in prices.services.values()},
        **{f"plan {plan.name}": _plan(plan) for plan in prices.plans.values()},
    }


def _service(service: Service) -> dict[str, str]:
    facts = {"fee": service.fee.decimal(), "period": service.period.value, "at": f"{service.at:%H:%M}"}
    return {**facts, "day": str(service.day)} if service.period is Period.MONTH else facts


def _plan(plan: Plan) -> dict[str, str]:
    tariffs = {
        measured.value: f"{tariff.included} included, then {tariff.price.decimal()} for {tariff.unit}"
        for measured, tariff in plan.tariffs.items()
    }
    return {"fee": plan.fee.decimal(), "services": ", ".join(plan.services) or "none", **tariffs}
