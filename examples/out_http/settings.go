package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/calyptia/plugin/config"
	"github.com/calyptia/plugin/record"
)

// settings are a section's properties. Those that Fluent Bit's own http output has too bear the names that they have there.
type settings struct {
	Endpoint   *url.URL          `flb:"endpoint" validate:"required" desc:"Where requests go: an http or https URL"`
	Headers    map[string]string `flb:"headers,kv=:,secret" desc:"Name: value, name: value of further headers"`
	Compress   string            `flb:"compress" default:"gzip" validate:"oneof=gzip none" desc:"How requests are compressed"`
	BatchBytes config.Size       `flb:"batch_bytes" default:"4M" validate:"min=1" desc:"Size of a request before compression; a larger event is a request of its own"`
	Timeout    time.Duration     `flb:"timeout" default:"30s" validate:"min=1ms" desc:"Time for a request and its answer"`
	DateKey    string            `flb:"json_date_key" default:"date" desc:"Name of the member for an event's time; false for none"`
	DateFormat record.TimeFormat `flb:"json_date_format" default:"double" desc:"Its form: double, iso8601, epoch, epoch_ms or java_sql_timestamp"`
	User       string            `flb:"http_user" validate:"required_with=Password" desc:"User for basic authentication"`
	Password   config.Secret     `flb:"http_passwd" validate:"required_with=User" desc:"The user's password"`
	Token      config.Secret     `flb:"bearer_token" validate:"excluded_with=User" desc:"Token for bearer authentication"`
	TLS        tlsSettings       `flb:"tls_"`
}

// tlsSettings cannot be called tls.verify and so on, as in Fluent Bit's outputs: the engine keeps those names for itself.
type tlsSettings struct {
	Verify bool          `flb:"verify" default:"on" desc:"Whether the server's certificate is checked"`
	CA     []byte        `flb:"ca_file,file" desc:"PEM certificates to trust instead of the system's"`
	Cert   []byte        `flb:"cert_file,file" validate:"required_with=Key" desc:"PEM certificate to show the server"`
	Key    config.Secret `flb:"key_file,file" validate:"required_with=Cert" desc:"PEM key of that certificate"`
}

var headerName = regexp.MustCompile("^[-!#$%&'*+.^_`|~0-9A-Za-z]+$") // RFC 9110, 5.6.2

// Validate finds what would fail each request: errors of requests are for the engine to try again.
func (s *settings) Validate() error {
	if s.Endpoint.Scheme != "http" && s.Endpoint.Scheme != "https" {
		return fmt.Errorf("endpoint: scheme %q (want http or https)", s.Endpoint.Scheme)
	}
	for name, value := range s.Headers {
		if !headerName.MatchString(name) || strings.ContainsAny(value, "\r\n\x00") {
			return fmt.Errorf("headers: %q cannot be a header, or not with this value", name)
		}
	}
	return nil
}

func (s *settings) format() record.JSONFormat {
	if strings.EqualFold(s.DateKey, "false") {
		return record.JSONFormat{}
	}
	return record.JSONFormat{TimeKey: s.DateKey, TimeFormat: s.DateFormat}
}

// header is that of all requests. The property headers may say what the body is, but not how it is packed or who sends it.
func (s *settings) header() http.Header {
	h := http.Header{"Content-Type": {"application/x-ndjson"}}
	for name, value := range s.Headers {
		h.Set(name, value)
	}
	if s.Compress == "gzip" {
		h.Set("Content-Encoding", "gzip")
	}
	switch {
	case s.User != "":
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(s.User+":"+s.Password.Reveal())))
	case s.Token != config.Secret{}:
		h.Set("Authorization", "Bearer "+s.Token.Reveal())
	}
	return h
}

// transport is Go's own, with its proxies from the environment, HTTP/2 and connections that are kept for later requests.
func (s *settings) transport() (t *http.Transport, err error) {
	t = http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = t.MaxIdleConns // there is one host, and a connection for each worker
	t.TLSClientConfig, err = s.TLS.config()
	return t, err
}

func (s *tlsSettings) config() (*tls.Config, error) {
	c := &tls.Config{InsecureSkipVerify: !s.Verify}
	if len(s.CA) > 0 {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(s.CA) {
			return nil, errors.New("tls_ca_file: has no PEM certificate")
		}
	}
	if len(s.Cert) > 0 {
		pair, err := tls.X509KeyPair(s.Cert, []byte(s.Key.Reveal()))
		if err != nil {
			return nil, fmt.Errorf("tls_cert_file, tls_key_file: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
