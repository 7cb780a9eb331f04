"""The portal's texts, Chinese and English. Adding a language is adding a block here and in `pages.LANGUAGES`.

Every page says that emergency calls are never affected (G17).
"""

TEXTS = {
    "zh": {
        "other_language": "English",
        "title": "缴费服务",
        "emergency": "紧急呼叫（{numbers} 等）始终不受影响。",
        "hello": "您好，{number}",
        "due": "应缴金额",
        "share_due": "您个人的部分",
        "balance": "账户余额",
        "share": "您本人的用量",
        "auto_deduct": "已签约自动缴费，余额不足时自动扣款，每次不超过 {cap}。",
        "service_open": "上网服务正常。",
        "service_arrears": "您的号码已欠费，目前只能访问缴费页面。缴费后立即恢复。",
        "service_share_due": (
            "为您付费的单位账户已欠费，目前只能访问缴费页面。您可以缴纳个人部分；"
            "单位账户全部结清后服务才会恢复，只缴个人部分不一定恢复。"
        ),
        "service_others_owe": "为您付费的单位账户已欠费，单位结清后服务恢复。您个人没有欠费。",
        "service_held": "上网服务已由运营商暂停，缴费不能解除，请联系客服。",
        "service_changing": "您的服务状态正在更新，请稍候。",
        "pay_now": "立即缴费",
        "top_up": "充值",
        "no_login": "已通过移动网络识别您的号码，无需登录。",
        "order_title": "确认订单",
        "number": "手机号码",
        "amount": "缴费金额（{currency}）",
        "amount_hint": "可在 {smallest} 至 {largest} 之间修改。",
        "amount_wrong": "请输入 {smallest} 至 {largest} 之间的金额，例如 {example}。",
        "amount_part": "少于 {due} 时服务不会恢复。",
        "order_confirm": "确认并付款",
        "waiting": "未付款的订单过多",
        "waiting_text": "请先支付其中一笔，或稍后再试：订单到期后会自动关闭。",
        "waiting_pay": "支付 {amount}",
        "result_restored": "服务已恢复",
        "result_restored_text": "已收到 {amount}，上网服务已恢复正常。",
        "result_restoring": "已收到付款",
        "result_restoring_text": "已收到 {amount}，正在恢复上网服务，页面会自动更新。",
        "result_missing": "还差 {missing}",
        "result_missing_text": "已收到 {amount}，再缴 {missing} 服务才会恢复。",
        "result_share_missing": "已收到付款",
        "result_share_missing_text": (
            "已收到 {amount}，您个人的部分还有 {missing} 未缴；单位账户全部结清后服务才会恢复。"
        ),
        "result_others_owe": "已收到付款",
        "result_others_owe_text": "已收到 {amount}，您个人已结清；单位账户结清后服务恢复。",
        "result_held": "已收到付款",
        "result_held_text": "已收到 {amount}。服务由运营商暂停，缴费不能解除，请联系客服。",
        "result_waiting": "等待付款结果",
        "result_waiting_text": "尚未收到支付机构关于 {amount} 的通知，页面会自动更新。",
        "result_closed": "订单已关闭",
        "result_closed_text": "这笔 {amount} 的订单已过期或取消，没有入账。",
        "payment_no": "订单号",
        "back_to": "继续访问 {host}",
        "pay_rest": "缴纳 {missing}",
        "pay_again": "重新缴费",
        "account": "返回账户",
        "unknown": "请使用移动数据打开",
        "unknown_text": "我们无法识别您的号码。请关闭 Wi-Fi，用本机的移动数据打开：",
        "over": "请重新进入",
        "over_text": "链接已使用或已过期，或登录已失效。请用本机的移动数据重新打开：",
        "error": "无法打开此页面",
        "error_404": "没有这个页面。",
        "error_405": "不能这样使用此页面，请从首页重新开始。",
        "error_409": "请求与当前状态冲突，请从首页重新开始。",
        "error_422": "提交的内容无法识别，请返回上一页重试。",
        "error_429": "尝试次数过多，请稍后再试。",
        "error_503": "服务暂时不可用，没有任何扣款，请稍后再试。",
        "error_other": "出了点问题，请稍后再试。",
    },
    "en": {
        "other_language": "中文",
        "title": "Payments",
        "emergency": "Emergency calls ({numbers} …) are never affected.",
        "hello": "Hello {number}",
        "due": "Amount due",
        "share_due": "Your own share",
        "balance": "Account balance",
        "share": "Your own use",
        "auto_deduct": "Auto-deduct is on: what is due is paid by itself, up to {cap} at a time.",
        "service_open": "Your mobile data is on.",
        "service_arrears": "Your number is in arrears and reaches the payment pages only. Pay, and it is back at once.",
        "service_share_due": (
            "The organisation's account that pays for you is in arrears; your number reaches the payment pages only. "
            "You can pay your own share; service is back once the whole account is settled, which your share alone may "
            "not do."
        ),
        "service_others_owe": (
            "The organisation's account that pays for you is in arrears; service is back once it is settled. "
            "You owe nothing yourself."
        ),
        "service_held": (
            "Service has been restricted by the carrier. Paying does not lift this; please contact customer service."
        ),
        "service_changing": "Your service is being changed. One moment, please.",
        "pay_now": "Pay now",
        "top_up": "Top up",
        "no_login": "Your number was recognised by the mobile network. No login needed.",
        "order_title": "Confirm your order",
        "number": "Number",
        "amount": "Amount ({currency})",
        "amount_hint": "You may change it, from {smallest} to {largest}.",
        "amount_wrong": "Please enter an amount from {smallest} to {largest}, such as {example}.",
        "amount_part": "With less than {due}, service is not restored.",
        "order_confirm": "Confirm and pay",
        "waiting": "Too many unpaid orders",
        "waiting_text": "Please pay one of them, or try again later: orders close by themselves.",
        "waiting_pay": "Pay {amount}",
        "result_restored": "Service restored",
        "result_restored_text": "We received {amount}. Your mobile data is on.",
        "result_restoring": "Payment received",
        "result_restoring_text": "We received {amount}. Service is being restored; this page updates by itself.",
        "result_missing": "{missing} still missing",
        "result_missing_text": "We received {amount}. Service is restored once you have paid another {missing}.",
        "result_share_missing": "Payment received",
        "result_share_missing_text": (
            "We received {amount}; {missing} of your own share is left. "
            "Service is back once the organisation's whole account is settled."
        ),
        "result_others_owe": "Payment received",
        "result_others_owe_text": (
            "We received {amount} and your own share is settled. Service is back once the organisation's account is."
        ),
        "result_held": "Payment received",
        "result_held_text": (
            "We received {amount}. Service was restricted by the carrier, which paying does not lift; "
            "please contact customer service."
        ),
        "result_waiting": "Waiting for the payment",
        "result_waiting_text": (
            "The payment provider has not told us about {amount} yet. This page updates by itself."
        ),
        "result_closed": "Order closed",
        "result_closed_text": "This order of {amount} has expired or was cancelled. Nothing was booked.",
        "payment_no": "Order no.",
        "back_to": "Continue to {host}",
        "pay_rest": "Pay {missing}",
        "pay_again": "Pay again",
        "account": "Back to your account",
        "unknown": "Please use mobile data",
        "unknown_text": "We cannot tell your number. Switch Wi-Fi off and open this over your phone's mobile data:",
        "over": "Please enter again",
        "over_text": (
            "The link was used before or is over, or you were logged out. "
            "Open this again over your phone's mobile data:"
        ),
        "error": "This page cannot be opened",
        "error_404": "There is no such page.",
        "error_405": "This page cannot be used that way. Please start again from the first page.",
        "error_409": "This contradicts the present state. Please start again from the first page.",
        "error_422": "What was sent could not be understood. Please go back and try again.",
        "error_429": "Too many wrong attempts. Please try again in a minute.",
        "error_503": "The service is not available at the moment. Nothing was charged. Please try again soon.",
        "error_other": "Something went wrong. Please try again soon.",
    },
}
