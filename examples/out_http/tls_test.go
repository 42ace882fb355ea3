package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/calyptia/plugin/plugintest"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	clients, cert, key := certificates(t)
	s := &server{}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that fail on purpose
	s.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}
	s.StartTLS()
	t.Cleanup(s.Close)
	ca := file(t, "ca.pem", pemOf("CERTIFICATE", s.Certificate().Raw))
	for _, tt := range []struct {
		name       string
		properties map[string]string
		want       plugintest.Verdict
		log        string
	}{
		{"both know each other", map[string]string{"tls_ca_file": ca, "tls_cert_file": cert, "tls_key_file": key}, plugintest.OK, ""},
		{"server not checked", map[string]string{"tls_verify": "off", "tls_cert_file": cert, "tls_key_file": key}, plugintest.OK, ""},
		{"server not known", map[string]string{"tls_cert_file": cert, "tls_key_file": key}, plugintest.Retry, "certificate signed by unknown authority"},
		{"client not known", map[string]string{"tls_ca_file": ca}, plugintest.Retry, "certificate required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := open(t, s.URL, tt.properties)
			flush(t, out, chunk(t, 1), tt.want)
			if tt.log != "" {
				checkLog(t, out, tt.log)
			}
		})
	}
}

// certificates returns an authority's pool, and the files of a certificate by it and of that one's key.
func certificates(t *testing.T) (authority *x509.CertPool, cert, key string) {
	t.Helper()
	caKey, ownKey := newKey(t), newKey(t)
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	own := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	authority = x509.NewCertPool()
	authority.AddCert(sign(t, ca, ca, caKey, caKey))
	keyBytes, err := x509.MarshalPKCS8PrivateKey(ownKey)
	if err != nil {
		t.Fatal(err)
	}
	return authority, file(t, "cert.pem", pemOf("CERTIFICATE", sign(t, own, ca, ownKey, caKey).Raw)),
		file(t, "key.pem", pemOf("PRIVATE KEY", keyBytes))
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, of, by *x509.Certificate, key, byKey *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, of, by, &key.PublicKey, byKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func file(t *testing.T, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
