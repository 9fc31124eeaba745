#!/bin/sh
# Copies Tabler's stylesheet, axe (for tests) and one sprite of Tabler's icons out of their npm packages, without scripts.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/package.json" "$work/"
(cd "$work" && npm install --ignore-scripts --no-package-lock --silent)
mkdir -p "$here/tabler"
sed 's#/\*\# sourceMappingURL=.*\*/##' "$work/node_modules/@tabler/core/dist/css/tabler.min.css" > "$here/tabler/tabler.min.css"
cp "$work/node_modules/axe-core/axe.min.js" "$here/../../tests/journeys/axe.min.js"
{
  printf '<svg xmlns="http://www.w3.org/2000/svg">\n'
  while read -r name; do
    printf '<symbol id="%s" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">' "$name"
    tr -d '\n' < "$work/node_modules/@tabler/icons/icons/outline/$name.svg" | sed -e 's/<!--.*-->//' -e 's/^.*<svg[^>]*>//' -e 's#</svg>.*##' -e 's/  */ /g'
    printf '</symbol>\n'
  done < "$here/icons.txt"
  printf '</svg>\n'
} > "$here/../icons.svg"
(cd "$here/.." && sha256sum vendor/tabler/tabler.min.css icons.svg > vendor/SHA256SUMS)
