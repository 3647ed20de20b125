#!/usr/bin/env bash
# Time and size of each page of a demo of any size:
#   cargo build --release && benches/pages.sh [ACCOUNTS [ORGANIZATIONS [more flags of demo]]]
# Prints the median and the slowest of 40 requests in a row, in milliseconds, and what is sent, in bytes, plain and
# gzipped. It signs in as the super administrator, then as one who manages a single customer.
set -euo pipefail
cd "$(dirname "$0")/.."
accounts=${1:-2000} organizations=${2:-40}
shift $(($# < 2 ? $# : 2))
work=$(mktemp -d)
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT
./target/release/bailiwick demo --accounts "$accounts" --organizations "$organizations" --listen 127.0.0.1:0 "$@" > "$work/log" 2>&1 &
server=$!
until grep -q 'Sign in at' "$work/log" 2>/dev/null; do kill -0 $server || { cat "$work/log"; exit 1; }; sleep 0.2; done
base=$(sed -n 's/.*Bailiwick is at //p' "$work/log")
echo "$accounts accounts, $organizations organizations; resident $(awk '/VmRSS/ {print int($2 / 1024)}' /proc/$server/status) MB"

field() { sed -n "s/.*name=\"$1\" value=\"\([^\"]*\)\".*/\1/p" | head -1; }
sign_in() {
  rm -f "$work/jar"
  csrf=$(curl -s -c "$work/jar" -b "$work/jar" "$base/signin" | field csrf)
  curl -s -o /dev/null -c "$work/jar" -b "$work/jar" "$base/signin" \
    --data-urlencode "csrf=$csrf" --data-urlencode "identifier=$1" --data-urlencode "password=$2"
}
measure() {
  for _ in $(seq 40); do curl -s -o /dev/null -b "$work/jar" -w '%{time_starttransfer} %{time_total} %{http_code}\n' "$base$1"; done |
    sort -k2 -n > "$work/times"
  plain=$(curl -s -b "$work/jar" "$base$1" | wc -c) zipped=$(curl -s -b "$work/jar" -H 'Accept-Encoding: gzip' "$base$1" | wc -c)
  awk -v page="$2" -v plain="$plain" -v zipped="$zipped" \
    '{ t[NR] = $2 * 1000; code = $3 } END { printf "  %-34s %s  %6.1f %6.1f ms  %7d %6d B\n", page, code, t[int((NR + 1) / 2)], t[NR], plain, zipped }' "$work/times"
}
pages() {
  partners=/admin/stores/partners
  org=$(curl -s -b "$work/jar" "$base$partners/organizations?view=list&q=Nordhavn+Freight" | grep -o 'org_[a-z2-7]*' | head -1)
  role=$(curl -s -b "$work/jar" "$base$partners/role-assignments?org=$org" |
    grep -o '<option value="role_[a-z2-7]*"[^>]*>Customer support<' | grep -o 'role_[a-z2-7]*' | head -1)
  pair="org=$org&role=$role"
  measure /admin home
  measure $partners/organizations "organizations"
  measure "$partners/organizations?view=list" "organizations, list"
  measure $partners/accounts "accounts"
  measure "$partners/accounts?page=40" "accounts, page 40"
  measure "$partners/accounts?q=ana" "accounts, search ana"
  measure "$partners/accounts?q=zzqx" "accounts, search without a hit"
  measure "$partners/role-assignments" "pairs"
  measure "$partners/role-assignments?$pair" "holders of a pair"
  measure "$partners/role-assignments/unassigned?$pair" "unassigned"
  measure "$partners/role-assignments/unassigned?$pair&q=ana&page=2" "unassigned, search ana, page 2"
  measure "$partners/role-assignments/unassigned?$pair&sort=-last" "unassigned, by last sign-in"
}
echo "super administrator"
sign_in ines.ferreira@meridian.example "lantern cobalt walnut sleigh"
pages
measure /admin/stores/partners/roles "roles"
measure "/admin/stores/partners/roles/new" "new role"
echo "administrator of one customer"
sign_in marta.silva@nordhavn.example "copper kettle tundra waltz"
pages
echo "resident after that $(awk '/VmRSS/ {print int($2 / 1024)}' /proc/$server/status) MB"
