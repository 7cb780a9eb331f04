"""The payer's texts, Chinese and English. Adding a language is adding a block here and in `pages.LANGUAGES`.

What the real page says to whoever is turned away stands in `nfemu.wechat.h5_entry.Reason`; here is what it means.
"""

from nfemu.wechat.h5_entry import Reason

TEXTS = {
    "zh": {
        "title": "微信支付",
        "emulated": "模拟环境，不会扣真钱",
        "other_language": "English",
        "merchant": "收款方",
        "description": "商品",
        "order_no": "商户单号",
        "pay_title": "待支付",
        "pay": "立即支付",
        "cancel": "取消支付",
        "verify_title": "验证身份",
        "method": "支付方式",
        "balance": "零钱",
        "empty_card": "储蓄卡（余额不足）",
        "password_label": "6 位支付密码",
        "password_hint": "支付密码是 {password}。",
        "confirm": "确认支付",
        "fingerprint": "使用指纹支付",
        "wrong": "支付密码错误，请重试。",
        "too_little": "银行卡余额不足，没有扣款。请换一种支付方式。",
        "back": "返回商家",
        "back_to": "返回 {host}",
        "done_success": "支付成功",
        "done_success_text": "已向{merchant}支付 {amount}。",
        "confirmation": "支付成功：您已向{merchant}支付{amount}。",
        "done_refund": "已退款",
        "done_refund_text": "这笔 {amount} 的订单已支付，并已转入退款。",
        "done_cancelled": "已取消支付",
        "done_cancelled_text": "没有扣款。在订单关闭前还可以支付。",
        "done_closed": "订单已关闭",
        "done_closed_text": "商家已关闭该订单，没有扣款。请返回商家重新下单。",
        "done_expired": "订单已过期",
        "done_expired_text": "没有扣款。请返回商家重新下单。",
        "try_again": "继续支付",
        "developers": "给开发者",
        **{f"turned_{reason.name.lower()}": reason.value for reason in Reason},
        "why_stale": "链接（h5_url）自生成起五分钟内有效。用同一订单号再次下单，即得到新的链接。",
        "why_no_referer": (
            "请求没有 Referer。请从商户登记的域名（{wanted}）的页面跳转，并且该页面和跳转响应都不得使用 "
            "Referrer-Policy: no-referrer。"
        ),
        "why_other_domain": "请求来自 {came}，商户登记的域名是：{wanted}。",
        "why_other_address": (
            "手机以 {came} 访问，订单中的 payer_client_ip 是 {wanted}。请填写手机访问商户时的地址："
            "不是服务器、代理或 NAT 的地址，也不是另一地址族（IPv4/IPv6）的地址。"
        ),
        "why_foreign_return": "redirect_url 指向 {came}，商户登记的域名是：{wanted}。",
        "nothing": "（无）",
        "error": "无法打开此页面",
        "error_404": "找不到该订单，请返回商家重新下单。",
        "error_409": "该订单已不能支付，请返回商家查看结果。",
        "error_422": "提交的内容无法识别，请返回上一页重试。",
        "error_429": "支付密码错误次数过多，请十分钟后再试。",
        "error_503": "服务暂时不可用，本次操作没有扣款，请稍后再试。",
        "error_other": "出了点问题，请稍后再试。",
    },
    "en": {
        "title": "WeChat Pay",
        "emulated": "Emulated, no real money moves",
        "other_language": "中文",
        "merchant": "Payee",
        "description": "For",
        "order_no": "Merchant's order no.",
        "pay_title": "To be paid",
        "pay": "Pay now",
        "cancel": "Cancel payment",
        "verify_title": "Verify it is you",
        "method": "Pay with",
        "balance": "Balance",
        "empty_card": "Debit card (too little money)",
        "password_label": "6-digit payment password",
        "password_hint": "The password is {password}.",
        "confirm": "Confirm payment",
        "fingerprint": "Use fingerprint",
        "wrong": "Wrong password. Please try again.",
        "too_little": "The card has too little money; nothing was charged. Please choose another way to pay.",
        "back": "Back to the merchant",
        "back_to": "Back to {host}",
        "done_success": "Payment successful",
        "done_success_text": "You paid {amount} to {merchant}.",
        "confirmation": "Payment successful: you paid {amount} to {merchant}.",
        "done_refund": "Refunded",
        "done_refund_text": "This order of {amount} was paid, and refunded since.",
        "done_cancelled": "Payment cancelled",
        "done_cancelled_text": "Nothing was charged. You can still pay until the order closes.",
        "done_closed": "Order closed",
        "done_closed_text": "The merchant has closed this order; nothing was charged. Please order again there.",
        "done_expired": "Order expired",
        "done_expired_text": "Nothing was charged. Please go back to the merchant and order again.",
        "try_again": "Continue to pay",
        "developers": "For developers",
        "real_page": "The real page says: {text}",
        "turned_stale": "The payment request is over. Please start again",
        "turned_no_referer": "The merchant's parameters are wrong. Please contact the merchant",
        "turned_other_domain": "The merchant has something not configured. Please contact the merchant",
        "turned_other_address": "The network did not pass the security check. Please try again later",
        "turned_foreign_return": "The merchant's return address is wrong. Please contact the merchant",
        "why_stale": (
            "A link (h5_url) is good for five minutes after it was made. Order again under the same number: that "
            "answers with a new one."
        ),
        "why_no_referer": (
            "The request has no Referer. Come from a page on a domain that the merchant has registered ({wanted}); "
            "neither that page nor the redirect may have Referrer-Policy: no-referrer."
        ),
        "why_other_domain": "The request comes from {came}; the merchant has registered: {wanted}.",
        "why_other_address": (
            "The phone comes from {came}; the order's payer_client_ip is {wanted}. Name the address by which the phone "
            "reached the merchant: not that of a server, proxy or NAT, nor one of the other family (IPv4, IPv6)."
        ),
        "why_foreign_return": "redirect_url leads to {came}; the merchant has registered: {wanted}.",
        "nothing": "(none)",
        "error": "This page cannot be opened",
        "error_404": "No such order. Please go back to the merchant and order again.",
        "error_409": "This order can no longer be paid. Please go back to the merchant to see the result.",
        "error_422": "What was sent could not be understood. Please go back and try again.",
        "error_429": "Too many wrong passwords. Please try again in ten minutes.",
        "error_503": "The service is not available at the moment. This step charged nothing; please try again soon.",
        "error_other": "Something went wrong. Please try again soon.",
    },
}
