# To be sourced: what a script needs from Debian, installed when root, else named with the exact command.

say() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2; }

# install_packages WHY PACKAGE…: returns 1 where it may not; apt's own error ends the script.
install_packages() {
    local why=$1
    shift
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        say "missing: $why (sudo apt-get install -y $*)"
        return 1
    fi
    say "installing $* ($why)"
    apt-get update -qq >/dev/null || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
}

# missing_packages PROGRAM:PACKAGE…: the packages whose program is not there, one a line.
missing_packages() {
    local pair
    for pair in "$@"; do
        PATH=$PATH:/usr/sbin command -v "${pair%%:*}" >/dev/null || echo "${pair#*:}"
    done
}
