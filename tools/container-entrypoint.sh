#!/bin/sh
# The image's first program. As root it only makes the state folder and becomes the ordinary user `nfemu`, who keeps
# those capabilities of the container that have a use here; as any other user it runs nfemu as it is.
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

keep=-all
has 12 && keep=$keep,+net_admin
has 13 && keep=$keep,+net_raw
has 21 && keep=$keep,+sys_admin
exec setpriv --reuid nfemu --regid nfemu --init-groups --no-new-privs \
    --inh-caps "$keep" --ambient-caps "$keep" --bounding-set "$keep" tini -- nfemu "$@"
