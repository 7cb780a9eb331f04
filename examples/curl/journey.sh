#!/bin/sh
# The journey by curl alone: a phone runs into arrears, is blocked, pays, and is back.
#
#   NFEMU_TOKEN=$(cat ~/.local/state/nfemu/default/api.token) examples/curl/journey.sh [NUMBER]
#
# NFEMU_API and NFEMU_PROXY say where the carrier listens, if not on its usual ports. Ends with 0 if all was as expected;
# the account then has what it had before. Needs a line in credit by less than the 59.00 that are charged.
set -eu

api=${NFEMU_API:-http://127.0.0.1:8600}/api/v1
proxy=${NFEMU_PROXY:-http://127.0.0.1:8610}
token=${NFEMU_TOKEN:?is the text of api.token in the state folder}
number=${1:-13800138000}
site=http://news.example/

# call METHOD PATH [JSON]: the API's answer. The token goes by standard input: everybody may read a command line.
call() {
    printf 'header = "Authorization: Bearer %s"\n' "$token" |
        curl -sS --fail-with-body --config - -X "$1" -H 'Content-Type: application/json' ${3:+--data "$3"} "$api$2"
}

# phone: status and target of the redirection that the phone gets for the site.
phone() {
    curl -sS -o /dev/null -w '%{http_code} %{redirect_url}' --proxy "$proxy" --proxy-user "$number:x" "$site"
}

# expect WHAT PATTERN GOT
expect() {
    case $3 in
    $2) echo "ok      $1: $3" ;;
    *)
        echo "WRONG   $1: $3; expected $2"
        exit 1
        ;;
    esac
}

# standing: of the account in a subscriber's JSON.
standing() { sed -n 's/.*"standing":"\([^"]*\)".*/\1/p'; }

expect "before anything is due" "200 " "$(phone)"
charged=$(call POST "/subscribers/$number/charges" '{"amount": "59.00", "note": "curl"}')
expect "charged 59.00" overdue "$(echo "$charged" | standing)"
expect "in arrears" "302 http://*" "$(phone)"
paid=$(call POST "/subscribers/$number/payments" '{"amount": "59.00"}')
expect "paid 59.00" "in credit" "$(echo "$paid" | standing)"
expect "after the payment" "200 " "$(phone)"
