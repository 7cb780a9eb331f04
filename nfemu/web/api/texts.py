"""Texts of the inbox pages."""

from nfemu.web.pages import Texts

TEXTS: Texts = {
    "zh": {
        "title": "收件箱",
        "other_language": "English",
        "subscribers": "用户",
        "inbox_of": "{number} 的消息",
        "nothing": "还没有消息。",
        "sms": "短信",
        "wechat": "微信公众号",
        "voice": "语音来电",
        "clicked": "链接已于 {at} 打开",
        "nobody": "没有用户。",
        "more": "更多",
        "back": "全部用户",
        "open": "打开收件箱",
        "opened": "已登录，正在打开收件箱。",
        "locked": "请先登录",
        "locked_hint": "运行 nfemu inbox --open，打开它显示的链接。每个链接只能使用一次，五分钟内有效。",
        "wrong": "无法显示",
    },
    "en": {
        "title": "Inbox",
        "other_language": "中文",
        "subscribers": "Subscribers",
        "inbox_of": "Messages to {number}",
        "nothing": "No messages yet.",
        "sms": "SMS",
        "wechat": "WeChat",
        "voice": "voice call",
        "clicked": "link opened {at}",
        "nobody": "No subscribers.",
        "more": "More",
        "back": "All subscribers",
        "open": "Open the inbox",
        "opened": "You are logged in; the inbox opens by itself.",
        "locked": "Please log in",
        "locked_hint": "Run nfemu inbox --open and open the link it prints. Each link works once, within five minutes.",
        "wrong": "Cannot be shown",
    },
}
