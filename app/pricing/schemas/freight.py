"""Freight templates on the wire."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, StringConstraints

from app.core.web import Body, Out, ShortText
from app.pricing.rules import MAX_PRICE_FEN
from app.pricing.rules.freight import MOST_RULES, MOST_TIERS, FreightRule, FreightTemplate

Grams = Annotated[int, Field(strict=True, ge=0, le=100_000_000)]
Fee = Annotated[int, Field(strict=True, ge=0, le=MAX_PRICE_FEN)]
Region = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9]{2}|[0-9]{4}|[0-9]{6})?$"),
    Field(description="Prefix of a division code, the longest that fits counts; empty: everywhere else"),
]


class TierIn(Body):
    """One price up to a weight."""

    up_to_g: Annotated[int, Field(strict=True, ge=1, le=100_000_000)]
    fee_fen: Fee


class FreightRuleIn(Body):
    """What a parcel to a region costs."""

    region: Region
    first_weight_g: Grams
    first_fee_fen: Fee
    step_weight_g: Annotated[int, Field(strict=True, ge=1, le=100_000_000)]
    step_fee_fen: Fee
    free_over_fen: Annotated[int, Field(strict=True, ge=1, le=10**12)] | None = None
    surcharge_fen: Fee = Field(0, description="For remote places; charged even when freight is free")
    tiers: list[TierIn] = Field(default=[], max_length=MOST_TIERS, description="From light to heavy; before the steps")
    deliverable: bool = True

    def rule(self) -> FreightRule:
        """The value that the module works with."""
        return FreightRule(
            self.first_weight_g,
            self.first_fee_fen,
            self.step_weight_g,
            self.step_fee_fen,
            self.free_over_fen,
            self.deliverable,
            self.surcharge_fen,
            tuple((tier.up_to_g, tier.fee_fen) for tier in self.tiers),
        )


class FreightIn(Body):
    """Send by a template of the house, or by rules of one's own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"house": "sf"},
                {
                    "name": "三公斤一口价",
                    "volume_divisor": 8000,
                    "rules": [
                        {
                            "region": "37",
                            "first_weight_g": 3000,
                            "first_fee_fen": 800,
                            "step_weight_g": 1000,
                            "step_fee_fen": 200,
                            "free_over_fen": 19900,
                            "tiers": [{"up_to_g": 3000, "fee_fen": 800}],
                        }
                    ],
                },
            ]
        }
    )
    house: Annotated[str, StringConstraints(pattern=r"^[a-z]{1,32}$")] | None = Field(
        None, description="The code of a house template; the other fields are then left out"
    )
    name: ShortText | None = None
    volume_divisor: Annotated[int, Field(strict=True, ge=1_000, le=50_000)] | None = Field(
        None, description="Cubic centimetres that count as one kilogram, 6000 to 12000 as a rule; null: by weight alone"
    )
    rules: list[FreightRuleIn] | None = Field(None, min_length=1, max_length=MOST_RULES)


class TierOut(Out):
    """One price up to a weight."""

    up_to_g: int
    fee_fen: int


class FreightRuleOut(Out):
    """What a parcel to a region costs."""

    region: str
    first_weight_g: int
    first_fee_fen: int
    step_weight_g: int
    step_fee_fen: int
    free_over_fen: int | None
    surcharge_fen: int
    tiers: list[TierOut]
    deliverable: bool

    @classmethod
    def of(cls, region: str, rule: FreightRule) -> Self:
        """From the value."""
        return cls(
            region=region,
            first_weight_g=rule.first_weight_g,
            first_fee_fen=rule.first_fee_fen,
            step_weight_g=rule.step_weight_g,
            step_fee_fen=rule.step_fee_fen,
            free_over_fen=rule.free_over_fen,
            surcharge_fen=rule.surcharge_fen,
            tiers=[TierOut(up_to_g=up_to_g, fee_fen=fee_fen) for up_to_g, fee_fen in rule.tiers],
            deliverable=rule.deliverable,
        )


class FreightOut(Out):
    """A freight template."""

    code: str = Field(examples=["economy"])
    name: str
    own: bool = Field(description="False: the supplier has chosen nothing and sends by the house's default")
    volume_divisor: int | None
    rules: list[FreightRuleOut]

    @classmethod
    def of(cls, template: FreightTemplate) -> Self:
        """From the value."""
        return cls(
            code=template.code,
            name=template.name,
            own=template.own,
            volume_divisor=template.volume_divisor,
            rules=[FreightRuleOut.of(region, rule) for region, rule in template.rules.items()],
        )


class FreightsOut(Out):
    """The templates of the house."""

    items: list[FreightOut]
