"""System libraries by pkg-config, with a plain -l fallback; a missing one is named with its Debian package."""

# name: (pkg-config module or "", link flags, header that must exist, Debian package)
_LIBS = {
    "mbedtls": ("", "-lmbedtls -lmbedx509 -lmbedcrypto", "mbedtls/ssl.h", "libmbedtls-dev"),
    "lmdb": ("lmdb", "", "lmdb.h", "liblmdb-dev"),
    "libjwt": ("libjwt", "", "jwt.h", "libjwt-dev"),
    "jansson": ("jansson", "", "jansson.h", "libjansson-dev"),
    "libsodium": ("libsodium", "", "sodium.h", "libsodium-dev"),
    "libmicrohttpd": ("libmicrohttpd", "", "microhttpd.h", "libmicrohttpd-dev"),
    "libcrypto": ("libcrypto", "", "openssl/evp.h", "libssl-dev"),
    "gnutls": ("gnutls", "", "gnutls/gnutls.h", "libgnutls28-dev"),
    "libcurl": ("libcurl", "", "curl/curl.h", "libcurl4-openssl-dev"),
    "libidn2": ("libidn2", "", "idn2.h", "libidn2-dev"),
    "libconfuse": ("libconfuse", "", "confuse.h", "libconfuse-dev"),
    "libunistring": ("", "-lunistring", "unistr.h", "libunistring-dev"),
    "libprotobuf-c": ("libprotobuf-c", "", "protobuf-c/protobuf-c.h", "libprotobuf-c-dev"),
    "cmocka": ("cmocka", "", "cmocka.h", "libcmocka-dev"),
}

def _impl(ctx):
    build = ['package(default_visibility = ["//visibility:public"])']
    missing = []
    for name in sorted(_LIBS):
        module, link, header, package = _LIBS[name]
        if module:
            res = ctx.execute(["pkg-config", "--libs", module])
            if res.return_code != 0:
                missing.append("%s (apt install %s)" % (name, package))
                continue
            link = res.stdout.strip()
        else:
            probe = ctx.execute(["sh", "-c", "printf '#include <%s>\\nint main(void){return 0;}' | cc -x c - -o probe.out %s" % (header, link)])
            if probe.return_code != 0:
                missing.append("%s (apt install %s)" % (name, package))
                continue
        build.append('cc_library(name = "%s", linkopts = %s)' % (name, repr(link.split(" "))))
    if missing:
        fail("missing system libraries: " + ", ".join(missing))
    ctx.file("BUILD", "\n".join(build) + "\n")

system_libraries = repository_rule(implementation = _impl, local = True, environ = ["PKG_CONFIG_PATH"])
