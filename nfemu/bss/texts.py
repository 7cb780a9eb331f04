"""What messages say, in Chinese and English.

Each text takes `{carrier}`, `{number}` (masked), `{amount}` and `{link}`. Of a unit account no text names what it
owes in all (S11). Every text about service says that emergency calls are unaffected (G17). Adding a language is adding
a column.
"""

from enum import Enum

FALLBACK = "en"
"""For an owner whose language has no column."""


class Template(Enum):
    STOPPED_GREEN = "stopped, green channel open"
    STOPPED_BARRED = "stopped, no IP address"
    STOPPED_UNIT = "stopped because a unit account is overdue"
    STOPPED_UNIT_SETTLED = "stopped because a unit account is overdue, the own share is settled"
    STOPPED_UNIT_BARRED = "stopped because a unit account is overdue, no IP address"
    STOPPED_BY_HAND = "stopped by hand"
    DETECTED_GREEN = "a request was blocked, green channel open"
    DETECTED_UNIT = "a request was blocked, a unit account is overdue"
    DETECTED_UNIT_SETTLED = "a request was blocked, a unit account is overdue, the own share is settled"
    DETECTED_BY_HAND = "a request was blocked, stopped by hand"
    RESTORED = "restored"
    RESTORED_DETACHED = "restored, the line has no session"
    PAYMENT_CONFIRMED = "payment confirmed"
    PAYMENT_REFUNDED = "payment refunded"
    DEDUCTED = "deducted by agreement"
    DEDUCTION_FAILED = "deduction by agreement failed"
    DEDUCTION_FAILED_UNIT = "deduction by a unit account's agreement failed"
    DEDUCTION_OVER_CAP = "more is due than the agreement may deduct at a time"
    DEDUCTION_OVER_CAP_UNIT = "a unit account owes more than its agreement may deduct at a time"


TEXTS: dict[tuple[Template, str], str] = {
    (Template.STOPPED_GREEN, "zh"): (
        "【{carrier}】您的号码{number}已欠费，上网服务已暂停，目前只能访问缴费页面。"
        "缴费{amount}即可立即恢复，请点击 {link} ，无需登录。紧急呼叫不受影响。"
    ),
    (Template.STOPPED_GREEN, "en"): (
        "{carrier}: your number {number} is in arrears and now reaches the payment pages only. "
        "Pay {amount} and service is back at once: {link} (no login needed). Emergency calls are not affected."
    ),
    (Template.STOPPED_BARRED, "zh"): (
        "【{carrier}】您的号码{number}已欠费，上网服务已停止。"
        "请通过其他途径（Wi-Fi 上的支付应用或营业厅）缴费{amount}，缴清后立即恢复；{link} 须用移动数据打开。"
        "紧急呼叫不受影响。"
    ),
    (Template.STOPPED_BARRED, "en"): (
        "{carrier}: your number {number} is in arrears and mobile data is off. "
        "Pay {amount} another way (a payment app over Wi-Fi, a shop) and it is back at once; "
        "{link} opens over mobile data only. Emergency calls are not affected."
    ),
    (Template.STOPPED_UNIT, "zh"): (
        "【{carrier}】为号码{number}付费的单位账户已欠费，上网服务已暂停。"
        "您个人的部分为{amount}，可点击 {link} 缴纳；单位账户全部结清后服务才会恢复，只缴个人部分不一定恢复。"
        "紧急呼叫不受影响。"
    ),
    (Template.STOPPED_UNIT, "en"): (
        "{carrier}: the organisation's account that pays for {number} is in arrears and service is restricted. "
        "Your own share is {amount}, payable at {link}; service is back once the whole account is settled, "
        "which your share alone may not do. "
        "Emergency calls are not affected."
    ),
    (Template.STOPPED_UNIT_SETTLED, "zh"): (
        "【{carrier}】为号码{number}付费的单位账户已欠费，上网服务已暂停。"
        "您个人没有欠费；单位账户结清后服务恢复。详情见 {link} 。紧急呼叫不受影响。"
    ),
    (Template.STOPPED_UNIT_SETTLED, "en"): (
        "{carrier}: the organisation's account that pays for {number} is in arrears and service is restricted. "
        "You owe nothing yourself; service is back once the account is settled. See {link}. "
        "Emergency calls are not affected."
    ),
    (Template.STOPPED_UNIT_BARRED, "zh"): (
        "【{carrier}】为号码{number}付费的单位账户已欠费，上网服务已停止。"
        "您个人的部分为{amount}；单位账户全部结清后服务恢复，请联系您的单位。{link} 须用移动数据打开。"
        "紧急呼叫不受影响。"
    ),
    (Template.STOPPED_UNIT_BARRED, "en"): (
        "{carrier}: the organisation's account that pays for {number} is in arrears and mobile data is off. "
        "Your own share is {amount}; service is back once the whole account is settled, please ask your organisation. "
        "{link} opens over mobile data only. Emergency calls are not affected."
    ),
    (Template.STOPPED_BY_HAND, "zh"): (
        "【{carrier}】您的号码{number}的上网服务已由运营商暂停，缴费不能解除，请联系客服。"
        "详情见 {link} 。紧急呼叫不受影响。"
    ),
    (Template.STOPPED_BY_HAND, "en"): (
        "{carrier}: service of your number {number} has been restricted by the carrier. Paying does not lift this; "
        "please contact customer service. See {link}. Emergency calls are not affected."
    ),
    (Template.DETECTED_GREEN, "zh"): (
        "【{carrier}】您的号码{number}正在上网，但因欠费目前只能访问缴费页面。"
        "缴费{amount}即可立即恢复，请点击 {link} ，无需登录。紧急呼叫不受影响。"
    ),
    (Template.DETECTED_GREEN, "en"): (
        "{carrier}: your number {number} tried to go online, but is in arrears and reaches the payment pages only. "
        "Pay {amount} and service is back at once: {link} (no login needed). Emergency calls are not affected."
    ),
    (Template.DETECTED_UNIT, "zh"): (
        "【{carrier}】您的号码{number}正在上网，但为其付费的单位账户已欠费，目前只能访问缴费页面。"
        "您个人的部分为{amount}，可点击 {link} 缴纳；单位账户全部结清后服务才会恢复，只缴个人部分不一定恢复。"
        "紧急呼叫不受影响。"
    ),
    (Template.DETECTED_UNIT, "en"): (
        "{carrier}: your number {number} tried to go online, but the organisation's account that pays for it is in "
        "arrears. Your own share is {amount}, payable at {link}; service is back once the whole account is settled, "
        "which your share alone may not do. Emergency calls are not affected."
    ),
    (Template.DETECTED_UNIT_SETTLED, "zh"): (
        "【{carrier}】您的号码{number}正在上网，但为其付费的单位账户已欠费，目前只能访问缴费页面。"
        "您个人没有欠费；单位账户结清后服务恢复。详情见 {link} 。紧急呼叫不受影响。"
    ),
    (Template.DETECTED_UNIT_SETTLED, "en"): (
        "{carrier}: your number {number} tried to go online, but the organisation's account that pays for it is in "
        "arrears. You owe nothing yourself; service is back once the account is settled. See {link}. "
        "Emergency calls are not affected."
    ),
    (Template.DETECTED_BY_HAND, "zh"): (
        "【{carrier}】您的号码{number}正在上网，但其上网服务已由运营商暂停，缴费不能解除，请联系客服。"
        "详情见 {link} 。紧急呼叫不受影响。"
    ),
    (Template.DETECTED_BY_HAND, "en"): (
        "{carrier}: your number {number} tried to go online, but its service has been restricted by the carrier. "
        "Paying does not lift this; please contact customer service. See {link}. Emergency calls are not affected."
    ),
    (Template.RESTORED, "zh"): "【{carrier}】您的号码{number}的上网服务已恢复，感谢您的使用。紧急呼叫不受影响。",
    (Template.RESTORED, "en"): (
        "{carrier}: service of your number {number} is restored. Thank you. Emergency calls were never affected."
    ),
    (Template.RESTORED_DETACHED, "zh"): (
        "【{carrier}】您的号码{number}的上网服务已恢复。手机目前没有数据连接，请重新打开移动数据。紧急呼叫不受影响。"
    ),
    (Template.RESTORED_DETACHED, "en"): (
        "{carrier}: service of your number {number} is restored. Your phone has no data connection at the moment; "
        "switch mobile data on again. Emergency calls were never affected."
    ),
    (Template.PAYMENT_CONFIRMED, "zh"): "支付成功：您已为号码{number}向{carrier}支付{amount}。",
    (Template.PAYMENT_CONFIRMED, "en"): "Payment successful: you paid {amount} to {carrier} for number {number}.",
    (Template.PAYMENT_REFUNDED, "zh"): "退款通知：您为号码{number}向{carrier}支付的{amount}已原路退回。",
    (Template.PAYMENT_REFUNDED, "en"): (
        "Refund: {amount} that you paid to {carrier} for number {number} is on its way back to you."
    ),
    (Template.DEDUCTED, "zh"): "自动缴费成功：已按协议为号码{number}向{carrier}扣款{amount}。",
    (Template.DEDUCTED, "en"): "Auto-deduct successful: {amount} paid to {carrier} for number {number} as agreed.",
    (Template.DEDUCTION_FAILED, "zh"): (
        "【{carrier}】号码{number}的自动缴费{amount}未成功，没有扣款。请检查付款账户，或点击 {link} 缴费。"
        "紧急呼叫不受影响。"
    ),
    (Template.DEDUCTION_FAILED, "en"): (
        "{carrier}: auto-deduct of {amount} for number {number} failed and nothing was taken. "
        "Please check your bank account, or pay at {link}. Emergency calls are not affected."
    ),
    (Template.DEDUCTION_FAILED_UNIT, "zh"): (
        "【{carrier}】您为号码{number}的单位账户签约的自动缴费未成功，没有扣款。请检查付款账户或联系您的单位。"
        "详情见 {link} 。紧急呼叫不受影响。"
    ),
    (Template.DEDUCTION_FAILED_UNIT, "en"): (
        "{carrier}: auto-deduct for the organisation's account of {number} failed and nothing was taken. "
        "Please check the bank account, or ask your organisation. See {link}. Emergency calls are not affected."
    ),
    (Template.DEDUCTION_OVER_CAP, "zh"): (
        "【{carrier}】号码{number}应缴{amount}，超过自动缴费协议的单次限额，没有扣款。"
        "请点击 {link} 缴费，或签约更高的限额。紧急呼叫不受影响。"
    ),
    (Template.DEDUCTION_OVER_CAP, "en"): (
        "{carrier}: {amount} is due for number {number}, more than your auto-deduct agreement may take at a time, so "
        "nothing was taken. Please pay at {link}, or sign with a higher cap. Emergency calls are not affected."
    ),
    (Template.DEDUCTION_OVER_CAP_UNIT, "zh"): (
        "【{carrier}】号码{number}的单位账户应缴金额超过自动缴费协议的单次限额，没有扣款。"
        "请签约更高的限额或联系您的单位。详情见 {link} 。紧急呼叫不受影响。"
    ),
    (Template.DEDUCTION_OVER_CAP_UNIT, "en"): (
        "{carrier}: the organisation's account of {number} owes more than its auto-deduct agreement may take at a "
        "time, so nothing was taken. Please sign with a higher cap, or ask your organisation. See {link}. "
        "Emergency calls are not affected."
    ),
}
