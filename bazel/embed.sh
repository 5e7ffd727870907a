#!/bin/sh
# embed.sh SYMBOL HEADER FILE...: prints a C file that holds each FILE as bytes.
# With -h for HEADER it prints the header that declares them.
set -e

symbol=$1
header=$2
shift 2
if [ "$header" = -h ]; then
	cat <<END
#ifndef EMBEDDED_$symbol
#define EMBEDDED_$symbol

#include "base/embedded_file.h"

extern const struct embedded_file ${symbol}[];
extern const size_t ${symbol}_count;

#endif
END
	exit
fi

echo "#include \"$header\""
n=0
for file; do
	echo "static const unsigned char file_$n[] = {"
	od -An -v -tx1 "$file" | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
	# A NUL beyond the end, for those who read text.
	echo '0x00 };'
	n=$((n + 1))
done
echo "const struct embedded_file ${symbol}[] = {"
n=0
for file; do
	echo "{ \"${file##*/}\", file_$n, sizeof(file_$n) - 1 },"
	n=$((n + 1))
done
echo '};'
echo "const size_t ${symbol}_count = $n;"
