#!/bin/sh
# Prints a C file that holds each file named in the arguments as bytes.
set -e

echo '#include "gateway/profiles/builtin.h"'
n=0
for file; do
	echo "static const unsigned char file_$n[] = {"
	od -An -v -tx1 "$file" | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
	echo '};'
	n=$((n + 1))
done
echo 'const struct builtin_profile builtin_profiles[] = {'
n=0
for file; do
	echo "{ \"${file##*/}\", file_$n, sizeof(file_$n) },"
	n=$((n + 1))
done
echo '};'
echo "const size_t builtin_profile_count = $n;"
