#!/bin/sh
# tries.sh COMMAND...: runs it. Real key and mouse events meet a loaded machine: with SACCADE_TRIES=2 what fails is tried once more, and
# $SACCADE_TRIES_LOG tells it.
"$@" && exit 0
status=$?
[ "${SACCADE_TRIES:-1}" -gt 1 ] || exit $status
echo "tries.sh: failed ($status), once more: $*" | tee -a "${SACCADE_TRIES_LOG:-/dev/null}"
exec "$@"
