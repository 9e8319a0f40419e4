#!/bin/bash
# Engine and stand-in in one container: when one of them ends, so does the container.
set -u
python -m cognito_engine &
python -m cognito_standin &
trap 'kill -TERM $(jobs -p) 2>/dev/null' TERM INT
wait -n
status=$?
kill -TERM $(jobs -p) 2>/dev/null
wait
exit "$status"
