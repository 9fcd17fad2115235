#!/bin/sh -e
# Write each template into conf.d, with the environment variables that are set in place of ${NAME}.
from="${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}"
to="${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}"
suffix="${NGINX_ENVSUBST_TEMPLATE_SUFFIX:-.template}"
test -d "$from" || exit 0
if test ! -w "$to"; then
    echo "$0: ERROR: $from exists, but $to is not writable"
    exit 0
fi
names="$(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p' | grep -E "${NGINX_ENVSUBST_FILTER:-.}" || true)"
known="$(for name in $names; do printf '${%s} ' "$name"; done)"
find "$from" -follow -type f -name "*$suffix" | while read -r template; do
    file="$to/${template#"$from/"}"
    mkdir -p "$(dirname "$file")"
    envsubst "$known" < "$template" > "${file%"$suffix"}"
done
