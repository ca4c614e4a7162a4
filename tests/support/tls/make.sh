#!/bin/sh
# Makes the certificates that the tests of TLS use: an authority, a server's and a client's of its signing, and one that
# signed itself. They are good for a hundred years; run it again only to change what they say.
set -eu
cd "$(dirname "$0")"
new() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 "$@" 2>/dev/null; }
new -x509 -keyout ca.key -out ca.pem -subj /CN=rplay-test-ca
sign() {
    new -keyout "$1.key" -out "$1.csr" -subj "/CN=$1"
    printf '%s\n' "$2" basicConstraints=CA:FALSE > ext
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 36500 -extfile ext -out "$1.pem" 2>/dev/null
}
sign server subjectAltName=DNS:localhost
sign client extendedKeyUsage=clientAuth
new -x509 -keyout selfsigned.key -out selfsigned.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost
rm -f ./*.csr ./*.srl ext ca.key
