"""What every landing page says beside its own words; those stand in `landing.yaml`."""

from nfemu.web.pages import Texts

TEXTS: Texts = {
    "zh": {
        "other_language": "English",
        "open_now": "每天 {opens} 至 {closes} 开放。现在开放中。",
        "closed_now": "每天 {opens} 至 {closes} 开放。现已关闭，{opens} 开放。",
        "opens_at": "{text}：{opens} 开放",
        "emergency": "紧急呼叫（{numbers} 等）始终不受影响。",
        "missing": "没有这个页面。",
    },
    "en": {
        "other_language": "中文",
        "open_now": "Open daily from {opens} to {closes}. Open now.",
        "closed_now": "Open daily from {opens} to {closes}. Closed now, opens at {opens}.",
        "opens_at": "{text}: opens at {opens}",
        "emergency": "Emergency calls ({numbers} …) are never affected.",
        "missing": "There is no such page.",
    },
}
