#!/bin/sh
# greet.sh LANGUAGE NAME
set -eu
name=$2
case $1 in
  en) echo "Hello, $name!" ;;
  es) echo "¡Hola, $name!" ;;
  *) echo "greet.sh: no greeting for '$1' yet" >&2; exit 1 ;;
esac
