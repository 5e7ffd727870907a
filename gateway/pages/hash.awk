# Prints the first field, 64 hexadecimal digits, as "sha256-" and base64: what
# a Content-Security-Policy names a style by.
BEGIN {
	alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
		"0123456789+/"
}

{
	bits = ""
	for (i = 1; i <= 64; i++) {
		digit = index("0123456789abcdef", substr($1, i, 1)) - 1
		for (power = 8; power >= 1; power /= 2) {
			bits = bits (digit >= power ? "1" : "0")
			if (digit >= power)
				digit -= power
		}
	}
	# 256 bits are 42 groups of six and one of four: two zeros and a '='.
	bits = bits "00"
	text = "sha256-"
	for (i = 1; i <= 258; i += 6) {
		value = 0
		for (j = 0; j < 6; j++)
			value = 2 * value + substr(bits, i + j, 1)
		text = text substr(alphabet, value + 1, 1)
	}
	print text "="
}
