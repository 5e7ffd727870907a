"""The passwords that everybody guesses first, from Debian's package of Django.

One to a line, in lower case as Django compares them, sorted by bytes.
"""

_SH = """set -e
f=/usr/lib/python3/dist-packages/django/contrib/auth/common-passwords.txt.gz
test -f "$f" || { echo 'common-passwords.txt.gz is missing: apt install python3-django'; exit 1; }
gzip -dc "$f" | LC_ALL=C sort -u >common_passwords.txt
# A damaged or truncated list would let through what should be refused.
test "$(wc -l <common_passwords.txt)" -gt 19000 || { echo "$f holds too few passwords"; exit 1; }
"""

def _impl(ctx):
    r = ctx.execute(["sh", "-c", _SH])
    if r.return_code != 0:
        fail("common passwords: " + r.stdout + r.stderr)
    ctx.file("BUILD", 'exports_files(["common_passwords.txt"])\n')

common_passwords_repository = repository_rule(implementation = _impl, local = True)
