"""What the provider's books hold."""

from nfemu.wechat.faults import Armed
from nfemu.wechat.notification import Attempt, Notification
from nfemu.wechat.refunds import Refund
from nfemu.wechat.trade import Trade

Entry = Trade | Refund | Notification | Attempt | Armed
