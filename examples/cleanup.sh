#!/bin/sh
# Clean a folder up once: look, compare, mend.  Usage: examples/cleanup.sh articles/
set -eu
folder=${1:?usage: cleanup.sh FOLDER}

cleaner check "$folder" || [ $? -eq 1 ] # 1: there are findings
cleaner fix --diff "$folder"            # word by word what would change; writes nothing
printf 'Change these files? [y/N] '
read -r answer
[ "$answer" = y ] && cleaner fix --in-place "$folder"
