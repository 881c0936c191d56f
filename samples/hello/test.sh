#!/bin/sh
# Every language must greet by name.
set -eu
for language in $(sed -n 's/^  \([a-z][a-z]*\)) .*/\1/p' greet.sh); do
  sh greet.sh "$language" Ada | grep -q Ada
  echo "ok $language"
done
