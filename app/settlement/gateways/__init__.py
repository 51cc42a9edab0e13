"""How money that a provider holds is split there: one tells us how it went, one is asked payment by payment.

The first is played by the sandbox, the second is WeChat Pay; the strict fake of the second is a gateway in the tests.
"""

from app.settlement.gateways.sandbox import FakeSplitter, NotAccepted, SandboxSplitter, Splitter
from app.settlement.gateways.wechat import Desk, Refused, WechatDesk

__all__ = ["Desk", "FakeSplitter", "NotAccepted", "Refused", "SandboxSplitter", "Splitter", "WechatDesk"]
