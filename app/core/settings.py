"""Settings, read once from the environment, frozen, and passed in; nothing else reads ``os.environ``.

The names that people set by hand are plain (``PORT``, ``DATABASE_URL``, ``DATA_DIR``, ``DEMO_PASSWORD``);
everything else belongs to a group and is set as ``GROUP__NAME`` (``LIMITS__CALLER_PER_SECOND=50``).
"""

from __future__ import annotations

import os
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_data_dir() -> Path:
    """Where the embedded database and the keys live when nobody says otherwise: never the checkout, never /tmp."""
    if os.geteuid() == 0:
        return Path("/var/lib/baojing-market")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "baojing-market"


class Group(BaseModel):
    """A named group of settings: immutable, and a misspelt name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PoolSettings(Group):
    """Connections of one process to PostgreSQL. Time limits are in milliseconds."""

    size: int = Field(8, ge=1)
    overflow: int = Field(8, ge=0)
    readers: int = Field(8, ge=1)
    """Besides those to write by."""
    wait_seconds: float = 3.0
    statement_timeout_ms: int = 15_000
    lock_timeout_ms: int = 3_000
    idle_in_transaction_timeout_ms: int = 20_000
    pgbouncer: bool = False
    """True behind a transaction-mode pooler: prepared statements are then not used."""


class LimitSettings(Group):
    """How often somebody may call (the contract's table of limits)."""

    enabled: bool = True
    caller_per_second: float = 100
    caller_burst: int = 300
    anonymous_writes_per_second: float = 20
    anonymous_writes_burst: int = 100
    failed_sign_ins: int = 10
    failed_sign_ins_minutes: int = 15
    body_bytes: int = 1 << 20
    upload_bytes: int = 10 << 20
    body_seconds: float = 15.0


class IdentitySettings(Group):
    """Life of credentials."""

    issuer: str = "baojing-market"
    access_minutes: int = 10
    refresh_days: int = 30
    parallel_hashes: int = 2
    require_phone_code: bool | None = None
    """Whether registering needs a code sent to the phone; a code that is given is checked in any case.

    Unset, it does wherever codes can really be sent (``SMS__URL``): nobody then opens an account on another's number.
    """
    code_seconds: int = 300
    code_tries: int = 5
    code_pause_seconds: int = 60
    codes_a_day: int = 10
    """For one phone; the pause above lies between any two."""
    codes_an_hour_per_address: int = 30


class OrderSettings(Group):
    """Clockwork of an order (domain handbook §2.8, §3.5)."""

    pay_within_minutes: int = 30
    pay_bulk_within_minutes: int = 24 * 60
    """An organisation's roster is paid by somebody in its office."""
    confirm_after_days: int = 7
    keep_carts_days: int = 30
    weight_correction_max_bp: int = Field(1000, ge=0, le=5000, multiple_of=100)
    """So much of its net weight a piece may lack for a price reduction to make it good; 100 = 1 %."""


class InventorySettings(Group):
    """Pre-sales (domain handbook §1.5)."""

    presale_max_factor_pct: int = Field(80, ge=1, le=100)
    """The share of an expected harvest that may be sold before it is there, per cent."""


class PricingSettings(Group):
    """Price lists of partners (domain handbook §4.3)."""

    notice_days: int = Field(15, ge=0, le=90)
    """A change of a price that a partner knows is warned about when it begins sooner; usual are 15 to 30 days."""


class WholesaleSettings(Group):
    """Purchase orders of supermarkets (domain handbook §4.2)."""

    lost_after_days: int = Field(14, ge=7, le=365)
    """So long after its last day an order of which goods were sent and none were received waits for a receipt. Then it
    is closed, its credit is given back, and operators are asked where the goods are."""


class ClaimSettings(Group):
    """How long a supplier has to answer a claim before the clock agrees for it (domain handbook §6.5)."""

    review_hours: int = Field(48, ge=1)


class PaymentSettings(Group):
    """Payment providers."""

    sandbox: bool = True
    notify_base_url: str | None = None
    """Where providers reach this service; by default the service's own loopback address."""
    freshness_seconds: int = 300


class SettlementSettings(Group):
    """How suppliers are paid."""

    second_operator_above_fen: int = Field(0, ge=0)
    """A payout run or a correction of more than that waits for a second operator's word; 0: always."""
    freeze_days: int = Field(180, ge=1)
    """How long the provider keeps a payment to be split (domain handbook §6.1: 30 or 180 days)."""
    freeze_warning_days: int = Field(14, ge=1)
    """How long before that what is still to be split is listed and raises alarm."""


class WechatSplitSettings(Group):
    """WeChat Pay's profit sharing (domain handbook §6.2): off until all of it is named.

    Suppliers are the payees of their sales there; the platform, named by its full legal name, gets its share.
    """

    appid: str | None = Field(None, pattern=r"^[0-9A-Za-z]{1,32}$")
    mchid: str | None = Field(None, pattern=r"^[0-9]{8,32}$")
    legal_name: str | None = None
    serial_no: str | None = Field(None, pattern=r"^[0-9A-Fa-f]{1,64}$")
    """Of the certificate that belongs to ``private_key`` (PEM, PKCS #8), which signs what we ask."""
    private_key: SecretStr | None = None
    platform_key_id: str | None = Field(None, pattern=r"^[0-9A-Z_]{1,64}$")
    """Names ``platform_key`` (PEM), which verifies what WeChat Pay answers: ``PUB_KEY_ID_…`` or a serial."""
    platform_key: str | None = None
    base_url: str = Field("https://api.mch.weixin.qq.com", pattern=r"^https?://[^\s?#]+[^/\s?#]$")
    ask_every_seconds: int = Field(60, ge=1)
    """How long a split that is being worked on is left alone."""

    @property
    def on(self) -> bool:
        """Whether payouts are split there."""
        return self.mchid is not None

    @model_validator(mode="after")
    def _all_or_none(self) -> Self:
        named = (
            self.appid, self.mchid, self.legal_name, self.serial_no, self.private_key, self.platform_key_id,
            self.platform_key,
        )  # fmt: skip
        if any(value is None for value in named) and any(value is not None for value in named):
            raise ValueError(
                "WECHAT_SPLIT__APPID, __MCHID, __LEGAL_NAME, __SERIAL_NO, __PRIVATE_KEY, __PLATFORM_KEY_ID and "
                "__PLATFORM_KEY belong together"
            )
        return self


class TransferTerms(NamedTuple):
    """How long goods are kept for a transfer that somebody announced, and how many such one account may have open."""

    within: timedelta
    most_open: int


class BankSettings(Group):
    """Our account for transfers; none are offered until all of it is named (domain handbook §6.4).

    Goods that wait for a transfer are not for sale to others, so whoever is known to us by its code and papers may
    let more of them wait, and longer, than anybody who has a telephone.
    """

    payee: str | None = None
    account: str | None = Field(None, pattern=r"^[0-9]{8,30}$")
    bank: str | None = None
    cnaps: str | None = Field(None, pattern=r"^[0-9]{12}$")
    """联行号, the number of the branch in the national payment system."""
    pay_within_days: int = Field(3, ge=1, le=30)
    """How long goods are kept for a transfer that was announced for an organisation."""
    most_open: int = Field(20, ge=1)
    """Transfers announced for organisations that one of their members may have open."""
    person_pay_within_hours: int = Field(24, ge=1, le=720)
    """How long goods are kept for a person's transfer."""
    person_most_open: int = Field(1, ge=1)

    @property
    def on(self) -> bool:
        """Whether there is anywhere to transfer to."""
        return None not in (self.payee, self.account, self.bank, self.cnaps)

    def terms(self, *, organisation: bool) -> TransferTerms:
        """What holds for a transfer that pays an organisation's order, or a person's."""
        if organisation:
            return TransferTerms(timedelta(days=self.pay_within_days), self.most_open)
        return TransferTerms(timedelta(hours=self.person_pay_within_hours), self.person_most_open)


class FileSettings(Group):
    """Photos and documents that people hand in.

    They stay in PostgreSQL unless a ``bucket`` of an S3-compatible store is named. Browsers are then sent to signed
    addresses of ``public_endpoint``, where that differs from the ``endpoint`` that this service reaches the store by.
    """

    most_pixels: int = Field(50_000_000, ge=1)
    most_pages: int = Field(100, ge=1)
    most_waiting: int = Field(100, ge=1)
    """Files of one owner that are attached to nothing yet."""
    parallel: int = Field(2, ge=1)
    bucket: str | None = None
    endpoint: str | None = None
    public_endpoint: str | None = None
    region: str = "us-east-1"
    access_key_id: SecretStr | None = None
    secret_access_key: SecretStr | None = None

    @model_validator(mode="after")
    def _a_bucket_has_keys(self) -> Self:
        if self.bucket is not None and (self.access_key_id is None or self.secret_access_key is None):
            raise ValueError("FILES__BUCKET needs FILES__ACCESS_KEY_ID and FILES__SECRET_ACCESS_KEY")
        return self


class ExportSettings(Group):
    """Large reports: what is streamed while somebody waits, and what the worker makes for later."""

    downloads: int = Field(2, ge=1)
    """Files that a process streams at once; each holds one of its readers' connections."""
    download_seconds: int = Field(300, ge=1)
    """A stream sees one moment of the database for no longer, so that what is old can be tidied away."""
    keep_hours: int = Field(72, ge=1)
    """How long a file that was made is kept."""
    most_at_work: int = Field(3, ge=1)
    """Exports of one account that may wait or be in work at the same time."""


class InvoicingSettings(Group):
    """When invoices are drawn (domain handbook §3.4)."""

    draw_on: Literal["completion", "payment"] = "completion"


class ReviewSettings(Group):
    """Who may still review."""

    within_days: int = 90
    """After the goods have arrived."""


class TrackingSettings(Group):
    """The service that follows parcels for us; off while it has no credentials (domain handbook §5.2)."""

    kuaidi100_customer: str | None = None
    kuaidi100_key: SecretStr | None = None
    kuaidi100_salt: SecretStr | None = None
    """Signs what it pushes to us."""
    kuaidi100_url: str = "https://poll.kuaidi100.com"
    callback_base_url: str | None = None
    """Where it reaches this service; without it nothing is pushed, and we ask."""
    ask_every_minutes: int = Field(30, ge=30)
    """It allows no number to be asked about more often."""
    ask_after_hours: int = Field(6, ge=1)
    """Only parcels without news for so long are asked about."""

    @property
    def on(self) -> bool:
        """Whether there is anybody to ask."""
        return None not in (self.kuaidi100_customer, self.kuaidi100_key, self.kuaidi100_salt)


class SmsSettings(Group):
    """Whoever sends text messages for us: one-time codes are posted to ``url``, with ``secret`` as bearer token.

    Off while there is no ``url``; a demonstration then shows them in the worker's log.
    """

    url: str | None = Field(None, pattern="^https://")
    secret: SecretStr | None = Field(None, min_length=16)

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.url is None) != (self.secret is None):
            raise ValueError("SMS__URL and SMS__SECRET belong together")
        return self


class WorkerSettings(Group):
    """Delivery of facts and periodic chores."""

    batch: int = 50
    idle_seconds: float = 0.1
    jobs_every_seconds: float = 0.5
    """How often an idle worker looks for long work, such as sheets of stock."""
    chores_every_seconds: float = 15.0
    attempts: int = 12
    stale_after_seconds: float = 30.0


class WebhookSettings(Group):
    """Messages to the systems of suppliers and partners."""

    attempts: int = Field(11, ge=1)
    """Tries before a message is given up, over about five hours; fewer than a worker's own, which would raise alarm."""
    private: bool = False
    """True lets messages go to plain http and to hosts inside: only where those who subscribe are trusted."""


class CacheSettings(Group):
    """Public pages that thousands read need not be built thousands of times; an order never reads them."""

    seconds: float = 0.9
    """A page is at most twice as old: it may still be shown while the next one is being built."""
    entries: int = 4096
    bytes: int = 64 << 20


class Settings(BaseSettings):
    """Everything that differs between one installation and the next."""

    model_config = SettingsConfigDict(env_nested_delimiter="__", frozen=True, extra="ignore")

    public_url: str | None = Field(None, pattern=r"^https?://[^\s/?#@]+/?$")
    """Where people reach this service, for what is printed; by default where it listens. Never what a request says."""
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    processes: int = Field(2, ge=1, le=64)
    database_url: SecretStr | None = None
    data_dir: Path = Field(default_factory=default_data_dir)
    keys_file: Path | None = None
    demo: bool = True
    demo_password: SecretStr | None = None
    log_level: str = "info"
    metrics_dir: Path | None = None

    pool: PoolSettings = PoolSettings()
    limits: LimitSettings = LimitSettings()
    identity: IdentitySettings = IdentitySettings()
    inventory: InventorySettings = InventorySettings()
    orders: OrderSettings = OrderSettings()
    pricing: PricingSettings = PricingSettings()
    wholesale: WholesaleSettings = WholesaleSettings()
    claims: ClaimSettings = ClaimSettings()
    payments: PaymentSettings = PaymentSettings()
    settlement: SettlementSettings = SettlementSettings()
    wechat_split: WechatSplitSettings = WechatSplitSettings()
    bank: BankSettings = BankSettings()
    files: FileSettings = FileSettings()
    exports: ExportSettings = ExportSettings()
    invoicing: InvoicingSettings = InvoicingSettings()
    reviews: ReviewSettings = ReviewSettings()
    tracking: TrackingSettings = TrackingSettings()
    sms: SmsSettings = SmsSettings()
    worker: WorkerSettings = WorkerSettings()
    webhooks: WebhookSettings = WebhookSettings()
    cache: CacheSettings = CacheSettings()

    @property
    def public_base(self) -> str:
        """The address for links on paper, without a slash at its end."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        host = "localhost" if self.host in ("0.0.0.0", "::", "") else self.host  # noqa: S104 - told apart, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def keys_path(self) -> Path:
        """The file that holds this installation's signing and sealing keys, readable by its owner alone."""
        return self.keys_file or self.data_dir / "keys.json"

    @property
    def sends_codes_by(self) -> Literal["webhook", "console"] | None:
        """How one-time codes reach phones; None where they cannot, and nobody is offered one.

        The console is the log of a demonstration with sandbox payments, and of nothing else.
        """
        if self.sms.url is not None:
            return "webhook"
        return "console" if self.demo and self.payments.sandbox else None

    @property
    def registering_needs_code(self) -> bool:
        """Whether registering needs a code sent to the phone: as it is set, else wherever a sender is."""
        demanded = self.identity.require_phone_code
        return self.sms.url is not None if demanded is None else demanded

    @model_validator(mode="after")
    def _no_group_is_misspelt(self) -> Self:
        # Names of other programs stand beside ours in the environment: only what looks like one of ours is refused.
        groups = {name.upper() for name, about in type(self).model_fields.items() if isinstance(about.default, Group)}
        for name in os.environ:
            group, separator, _ = name.upper().partition("__")
            if separator and group not in groups and (meant := get_close_matches(group, groups, 1, 0.8)):
                raise ValueError(f"{name} is no setting: did you mean {meant[0]}__…?")
        return self

    @model_validator(mode="after")
    def _what_is_demanded_can_be_sent(self) -> Self:
        if self.identity.require_phone_code and self.sends_codes_by is None:
            raise ValueError("IDENTITY__REQUIRE_PHONE_CODE needs SMS__URL and SMS__SECRET: nobody could register")
        return self

    @property
    def notify_base(self) -> str:
        """Base URL that payment providers call back on."""
        return self.payments.notify_base_url or f"http://127.0.0.1:{self.port}"
