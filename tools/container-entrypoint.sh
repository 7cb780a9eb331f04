#!/bin/sh
# The image's first program. As root it makes the state folder, where it can prepares IP bearers, and becomes the ordinary
# user `nfemu`, without capabilities; as any other user it runs nfemu as it is.
set -eu

case " $* " in
*" up "*) export NFEMU_SET="carrier.api.host=$NFEMU_LISTEN carrier.proxy.host=$NFEMU_LISTEN ${NFEMU_SET-}" ;;
esac

if [ "$(id -u)" != 0 ]; then
    exec tini -- nfemu "$@"
fi

permitted=$((0x$(awk '/^CapPrm:/ {print $2}' /proc/self/status)))
has() { [ $((permitted >> $1 & 1)) = 1 ]; }

if ! has 0 || ! has 6 || ! has 7; then # CHOWN, SETGID, SETUID
    echo "nfemu: cannot leave root without the capabilities CHOWN, SETUID and SETGID; start with --user 1000:1000 instead" >&2
    exit 1
fi
[ -d "$NFEMU_STATE" ] || install -d -o nfemu -g nfemu -m 0700 "$NFEMU_STATE"

become() { # LIST PROGRAM…: as the ordinary user, with these capabilities and no others
    list=$1
    shift
    exec setpriv --reuid nfemu --regid nfemu --init-groups --no-new-privs \
        --inh-caps "$list" --ambient-caps "$list" --bounding-set "$list" "$@"
}

# Where a container has SYS_ADMIN, its seccomp filter lets every user make user namespaces, in which bearers need no right
# out here; but a /proc of which parts are covered, as the engine's is, cannot be had anew there, and with it what is set
# in /proc/sys. One whole /proc is all that SYS_ADMIN is needed for. Where the machine permits no user namespaces, nfemu
# keeps it.
keep=-all
if has 21; then
    mount -t proc -o nosuid,nodev,noexec proc /proc ||
        echo "nfemu: no /proc of its own, and so no IP bearers; start with --security-opt apparmor=unconfined" >&2
    if ! (become -all unshare --user --net true) 2>/dev/null; then
        keep=-all,+sys_admin
        has 10 && keep=$keep,+net_bind_service
        has 12 && keep=$keep,+net_admin
        has 13 && keep=$keep,+net_raw
    fi
fi
become "$keep" tini -- nfemu "$@"
