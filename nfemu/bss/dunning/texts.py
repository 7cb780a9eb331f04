"""What dunning says, in Chinese and English.

A message is a frame of the segment (S3) around what it is about. Bodies take `{number}` (masked), `{ask}` and `{link}`.
`{ask}` is what the reader is asked to pay: with the exact amount (S8), or without any where that is switched off. Of
voice calls the same words are spoken. Adding a language is adding a column.
"""

from enum import Enum

from nfemu.bss.texts import FALLBACK
from nfemu.model.money import Money
from nfemu.model.subscriber import Segment


class Message(Enum):
    MONTH_END = "month end"
    WAVE = "wave"
    FORECAST = "forecast"
    LOW_BALANCE = "low balance"
    LOW_CREDIT = "low credit balance"
    """Of an account that may owe: what is left of its credit (S10)."""
    STOP_SOON = "stop soon"
    STOP_SOON_UNIT = "stop soon because a unit account is overdue"
    STOP_SOON_UNIT_SETTLED = "stop soon because a unit account is overdue, the own share is settled"


_BODIES: dict[tuple[Message, str], str] = {
    (Message.MONTH_END, "zh"): (
        "您的号码{number}余额不足以支付下月月费，{ask}，可通过 {link} 、掌上营业厅、微信或支付宝预存。"
        "按时预存有助于积累信用。"
    ),
    (Message.MONTH_END, "en"): (
        "the balance of {number} does not cover next month's fee. {ask} in advance at {link}, in our app, by WeChat or "
        "Alipay. Paying in good time builds your credit."
    ),
    (Message.WAVE, "zh"): "您的号码{number}已欠费，{ask}即可避免停机：{link} 。",
    (Message.WAVE, "en"): "your number {number} is in arrears. {ask} to keep your service: {link}.",
    (Message.FORECAST, "zh"): "按目前的使用情况，您的号码{number}的余额将在月底前用完，{ask}可用到月底：{link} 。",
    (Message.FORECAST, "en"): (
        "at its present use the balance of {number} will run out before the month does. {ask} to reach the end of the "
        "month: {link}."
    ),
    (Message.LOW_BALANCE, "zh"): "您的号码{number}余额已不足，{ask}以免影响使用：{link} 。",
    (Message.LOW_BALANCE, "en"): "the balance of {number} is low. {ask} so that service goes on: {link}.",
    (Message.LOW_CREDIT, "zh"): "您的号码{number}的信用额度即将用完，{ask}以免影响使用：{link} 。",
    (Message.LOW_CREDIT, "en"): "the credit of {number} is nearly used up. {ask} so that service goes on: {link}.",
    (Message.STOP_SOON, "zh"): "您的号码{number}因欠费即将停机，{ask}即可避免：{link} 。紧急呼叫不受影响。",
    (Message.STOP_SOON, "en"): (
        "your number {number} is about to be restricted for arrears. {ask} to prevent it: {link}. Emergency calls are "
        "not affected."
    ),
    (Message.STOP_SOON_UNIT, "zh"): (
        "为号码{number}付费的单位账户已欠费，服务即将暂停。您个人的部分：{ask}，{link} ；"
        "单位账户全部结清后才不会停机。紧急呼叫不受影响。"
    ),
    (Message.STOP_SOON_UNIT, "en"): (
        "the organisation's account that pays for {number} is in arrears and service is about to be restricted. "
        "Your own share: {ask} at {link}; only settling the whole account prevents it. "
        "Emergency calls are not affected."
    ),
    (Message.STOP_SOON_UNIT_SETTLED, "zh"): (
        "为号码{number}付费的单位账户已欠费，服务即将暂停。您个人没有欠费，请联系您的单位。详情见 {link} 。"
        "紧急呼叫不受影响。"
    ),
    (Message.STOP_SOON_UNIT_SETTLED, "en"): (
        "the organisation's account that pays for {number} is in arrears and service is about to be restricted. "
        "You owe nothing yourself, please ask your organisation. See {link}. Emergency calls are not affected."
    ),
}
_ASK = {"zh": ("请充值{amount}", "请及时充值"), "en": ("Please pay {amount}", "Please top up")}
_FRAMES: dict[tuple[Segment, str], str] = {
    (Segment.GENERAL, "zh"): "【{carrier}】{body}",
    (Segment.GENERAL, "en"): "{carrier}: {body}",
    (Segment.STUDENT, "zh"): "【{carrier}】同学你好，{body}校园网课不断线。",
    (Segment.STUDENT, "en"): "{carrier}: dear student, {body} Stay online for your courses.",
    (Segment.FAMILY, "zh"): "【{carrier}】亲爱的家庭用户，{body}家人共享不断线。",
    (Segment.FAMILY, "en"): "{carrier}: dear family, {body} Everybody on your plan stays connected.",
    (Segment.BUSINESS, "zh"): "【{carrier}】尊敬的商务客户，{body}客户经理随时为您服务。",
    (Segment.BUSINESS, "en"): "{carrier}: dear customer, {body} Your account manager is glad to help.",
    (Segment.SENIOR, "zh"): "【{carrier}】尊敬的长辈，{body}也可请家人代缴或到营业厅办理。",
    (Segment.SENIOR, "en"): "{carrier}: dear customer, {body} Your family or any of our shops can pay for you, too.",
}


def text_of(
    message: Message, segment: Segment, language: str, *, carrier: str, number: str, amount: Money | None, link: str
) -> str:
    """The message as it is sent; a language without a column gets the fallback's."""
    if (message, language) not in _BODIES:
        language = FALLBACK
    exact, vague = _ASK[language]
    ask = vague if amount is None else exact.format(amount=amount)
    body = _BODIES[message, language].format(number=number, ask=ask, link=link)
    return _FRAMES[segment, language].format(carrier=carrier, body=body)
