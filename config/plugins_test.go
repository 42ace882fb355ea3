package config_test

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // so that the zones do not depend on the machine

	"github.com/calyptia/plugin/config"
)

// The configurations of ten real plugins, as testdata/plugins.yaml lists them.

type kinesis struct {
	Stream             string        `flb:"stream" validate:"required" desc:"Name of the delivery stream"`
	Region             string        `flb:"region" validate:"required" desc:"AWS region"`
	DataKeys           []string      `flb:"data_keys" desc:"Fields to send; the whole record if unset"`
	PartitionKey       fieldPath     `flb:"partition_key" validate:"omitempty,ne=log" desc:"Field that selects the shard, as in a->b"`
	RoleARN            string        `flb:"role_arn"`
	Endpoint           *url.URL      `flb:"endpoint"`
	STSEndpoint        *url.URL      `flb:"sts_endpoint"`
	AppendNewline      bool          `flb:"append_newline" default:"false"`
	TimeKey            string        `flb:"time_key"`
	TimeKeyFormat      strftime      `flb:"time_key_format" default:"%Y-%m-%dT%H:%M:%S" desc:"Of the time_key"`
	Concurrency        int           `flb:"experimental_concurrency" default:"0" validate:"min=0,max=10"`
	ConcurrencyRetries int           `flb:"experimental_concurrency_retries" default:"4" validate:"min=0"`
	LogKey             string        `flb:"log_key"`
	Aggregation        bool          `flb:"aggregation" default:"false"`
	Compression        string        `flb:"compression" default:"none" validate:"oneof=none zlib gzip"`
	ReplaceDots        string        `flb:"replace_dots"`
	HTTPRequestTimeout time.Duration `flb:"http_request_timeout" validate:"min=0"`
}

// fieldPath is a path such as a->b.
type fieldPath string

func (p *fieldPath) UnmarshalText(text []byte) error {
	for part := range strings.SplitSeq(string(text), "->") {
		if strings.TrimSpace(part) == "" {
			return errors.New("a part of the path is empty (want field or outer->inner)")
		}
	}
	*p = fieldPath(text)
	return nil
}

// strftime is a time format of C.
type strftime string

func (f *strftime) UnmarshalText(text []byte) error {
	rest := string(text)
	for {
		_, after, found := strings.Cut(rest, "%")
		if !found {
			*f = strftime(text)
			return nil
		}
		if after == "" || !strings.ContainsRune("YmdHMSLZzbBaAjyTFDRs%", rune(after[0])) {
			return fmt.Errorf("no conversion %%%.1s (want %%Y, %%m, %%d, %%H, %%M, %%S and the like)", after)
		}
		rest = after[1:]
	}
}

type cloudwatch struct {
	Region               string            `flb:"region" validate:"required"`
	LogGroupName         string            `flb:"log_group_name" validate:"required" desc:"May hold $(tag[0]) and the like"`
	DefaultLogGroupName  string            `flb:"default_log_group_name" default:"fluentbit-default"`
	LogStreamPrefix      string            `flb:"log_stream_prefix" validate:"required_without=LogStreamName,excluded_with=LogStreamName"`
	LogStreamName        string            `flb:"log_stream_name" validate:"required_without=LogStreamPrefix,excluded_with=LogStreamPrefix"`
	DefaultLogStreamName string            `flb:"default_log_stream_name" default:"/fluentbit-default"`
	LogKey               string            `flb:"log_key"`
	RoleARN              string            `flb:"role_arn"`
	AutoCreateGroup      bool              `flb:"auto_create_group" default:"false"`
	AutoCreateStream     bool              `flb:"auto_create_stream" default:"true"`
	NewLogGroupTags      map[string]string `flb:"new_log_group_tags"`
	LogRetentionDays     int64             `flb:"log_retention_days" default:"0" validate:"min=0"`
	Endpoint             *url.URL          `flb:"endpoint"`
	STSEndpoint          *url.URL          `flb:"sts_endpoint"`
	ExternalID           string            `flb:"external_id"`
	CredentialsEndpoint  *url.URL          `flb:"credentials_endpoint"`
	LogFormat            string            `flb:"log_format"`
	ExtraUserAgent       string            `flb:"extra_user_agent"`
}

type newrelic struct {
	Endpoint              *url.URL      `flb:"endpoint" default:"https://log-api.newrelic.com/log/v1"`
	APIKey                config.Secret `flb:"apiKey" validate:"required_without=LicenseKey,excluded_with=LicenseKey"`
	LicenseKey            config.Secret `flb:"licenseKey" validate:"required_without=APIKey,excluded_with=APIKey"`
	HTTPClientTimeout     time.Duration `flb:"httpClientTimeout" default:"5"`
	SendMetrics           bool          `flb:"sendMetrics" default:"false"`
	Compression           string        `flb:"compression" default:"gzip" validate:"oneof=gzip zstd"`
	LowDataMode           bool          `flb:"lowDataMode" default:"false"`
	IgnoreSystemProxy     bool          `flb:"ignoreSystemProxy" default:"false"`
	Proxy                 *url.URL      `flb:"proxy"`
	CABundleFile          string        `flb:"caBundleFile"`
	CABundleDir           string        `flb:"caBundleDir"`
	ValidateProxyCerts    bool          `flb:"validateProxyCerts" default:"true"`
	MaxBufferSize         string        `flb:"maxBufferSize,deprecated"`
	MaxRecords            string        `flb:"maxRecords,deprecated"`
	MaxTimeBetweenFlushes string        `flb:"maxTimeBetweenFlushes,deprecated"`
}

type loki struct {
	URL                  *url.URL       `flb:"URL" default:"http://localhost:3100/loki/api/v1/push"`
	TenantID             string         `flb:"TenantID"`
	BatchWait            time.Duration  `flb:"BatchWait" default:"1s"`
	BatchSize            config.Size    `flb:"BatchSize" default:"1048576"`
	Timeout              time.Duration  `flb:"Timeout"`
	MinBackoff           time.Duration  `flb:"MinBackoff"`
	MaxBackoff           time.Duration  `flb:"MaxBackoff" validate:"omitempty,gtefield=MinBackoff"`
	MaxRetries           int            `flb:"MaxRetries"`
	Labels               selector       `flb:"Labels" default:"{job=\"fluent-bit\"}"`
	LogLevel             string         `flb:"LogLevel" default:"info" validate:"oneof=debug info warn error"`
	AutoKubernetesLabels bool           `flb:"AutoKubernetesLabels" default:"false"`
	RemoveKeys           []string       `flb:"RemoveKeys"`
	LabelKeys            []string       `flb:"LabelKeys"`
	LineFormat           string         `flb:"LineFormat" default:"json" validate:"oneof=json key_value"`
	DropSingleKey        bool           `flb:"DropSingleKey" default:"true"`
	LabelMapPath         map[string]any `flb:"LabelMapPath,json,file"`
	Buffer               bool           `flb:"Buffer" default:"false"`
	BufferType           string         `flb:"BufferType" default:"dque" validate:"oneof=dque"`
	DqueDir              string         `flb:"DqueDir" default:"/tmp/flb-storage/loki"`
	DqueSegmentSize      int            `flb:"DqueSegmentSize" default:"500"`
	DqueSync             string         `flb:"DqueSync" default:"normal" validate:"oneof=normal full"`
	DqueName             string         `flb:"DqueName" default:"dque"`
	CAFile               string         `flb:"ca_file"`
	CertFile             string         `flb:"cert_file"`
	KeyFile              string         `flb:"key_file"`
	InsecureSkipVerify   bool           `flb:"insecure_skip_verify" default:"false"`
}

// selector is {name="value",...}.
type selector struct{ labels map[string]string }

func (s *selector) UnmarshalText(text []byte) error {
	body, opened := strings.CutPrefix(string(text), "{")
	body, closed := strings.CutSuffix(body, "}")
	if !opened || !closed {
		return errors.New("no braces around the labels (want {name=\"value\",...})")
	}
	s.labels = map[string]string{}
	for pair := range strings.SplitSeq(body, ",") {
		name, quoted, _ := strings.Cut(pair, "=")
		value, err := strconv.Unquote(quoted)
		if err != nil {
			return fmt.Errorf("label %s has no value in quotes (want {name=\"value\",...})", name)
		}
		s.labels[name] = value
	}
	return nil
}

type clpS3 struct {
	Region          string         `flb:"s3_region" default:"us-east-1" validate:"required"`
	Bucket          string         `flb:"s3_bucket" validate:"required"`
	BucketPrefix    string         `flb:"s3_bucket_prefix" default:"logs/" validate:"dirpath"`
	RoleARN         string         `flb:"role_arn" validate:"omitempty,startswith=arn:aws:iam"`
	ID              string         `flb:"id" desc:"Of this instance; made up if unset"`
	UseSingleKey    bool           `flb:"use_single_key" default:"true"`
	AllowMissingKey bool           `flb:"allow_missing_key" default:"true"`
	SingleKey       string         `flb:"single_key" default:"log" validate:"required_if=UseSingleKey true"`
	UseDiskBuffer   bool           `flb:"use_disk_buffer" default:"true"`
	DiskBufferPath  string         `flb:"disk_buffer_path" default:"tmp/out_clp_s3/" validate:"dirpath"`
	UploadSizeMB    int            `flb:"upload_size_mb" default:"16" validate:"min=2,lt=1000"`
	TimeZone        *time.Location `flb:"time_zone" default:"America/Toronto"`
}

// Validate computes the default that no struct tag can have.
func (c *clpS3) Validate() error {
	if c.ID == "" {
		c.ID = "made-up"
	}
	return nil
}

type logzio struct {
	Token             config.Secret     `flb:"logzio_token" validate:"required"`
	URL               *url.URL          `flb:"logzio_url" default:"https://listener.logz.io:8071"`
	Type              string            `flb:"logzio_type" default:"logzio-fluent-bit"`
	ID                string            `flb:"id,deprecated" desc:"Instances are told apart without it"`
	Debug             bool              `flb:"logzio_debug" default:"false"`
	DedotEnabled      bool              `flb:"dedot_enabled" default:"false"`
	DedotNested       bool              `flb:"dedot_nested" default:"false"`
	DedotNewSeparator string            `flb:"dedot_new_separator" default:"_" validate:"ne=."`
	ProxyHost         *url.URL          `flb:"proxy_host"`
	ProxyUser         string            `flb:"proxy_user"`
	ProxyPass         config.Secret     `flb:"proxy_pass"`
	Headers           map[string]string `flb:"headers,kv=:"`
	BulkSizeMB        int               `flb:"logzio_bulk_size_mb" default:"2" validate:"min=1,max=9"`
}

type amqp struct {
	URL         *url.URL `flb:"url,secret" default:"amqp://guest:guest@localhost:5672/"`
	Exchange    string   `flb:"exchange"`
	RoutingKey  string   `flb:"routing_key" default:"fluent-bit-events"`
	Queue       string   `flb:"queue" default:"fluent-bit-events"`
	CloudEvents bool     `flb:"cloudevents" default:"true"`
	EventSource string   `flb:"event_source" default:"fluent-bit"`
	EventType   string   `flb:"event_type" default:"fluent-bit.log"`
	Durable     bool     `flb:"durable" default:"true"`
	AutoDelete  bool     `flb:"auto_delete" default:"false"`
	Exclusive   bool     `flb:"exclusive" default:"false"`
	NoWait      bool     `flb:"no_wait" default:"false"`
	TLS         amqpTLS  `flb:"tls_"` // whose switch was called tls, which the engine keeps for itself
	Connect     bool     `flb:"connect_on_startup" default:"true"`
}

type amqpTLS struct {
	Enabled            bool   `flb:"enabled" default:"false"`
	InsecureSkipVerify bool   `flb:"insecure_skip_verify" default:"false"`
	CAFile             string `flb:"ca_file"`
	CertFile           string `flb:"cert_file" validate:"required_with=KeyFile"`
	KeyFile            string `flb:"key_file" validate:"required_with=CertFile"`
}

type ydb struct {
	ConnectionURL *url.URL          `flb:"ConnectionURL" validate:"required"`
	Certificates  string            `flb:"Certificates,file"`
	TablePath     string            `flb:"TablePath" validate:"required"`
	Columns       map[string]string `flb:"Columns,json" validate:"required" desc:"Field to column, .timestamp and .input among them"`
	Credentials   ydbCredentials    `flb:"Credentials"`
	LogLevel      string            `flb:"LogLevel" default:"info" validate:"oneof=disabled fatal error warn info debug trace"`
}

// Validate looks into the columns.
func (c *ydb) Validate() error {
	for _, field := range []string{".timestamp", ".input"} {
		if c.Columns[field] == "" {
			return fmt.Errorf("no column for %s in Columns", field)
		}
	}
	return nil
}

// ydbCredentials are one way to sign in. Login and password count as one.
type ydbCredentials struct {
	ServiceAccountKey config.Secret `flb:"YcServiceAccountKey,file" validate:"required_without_all=Metadata Static StaticLogin Token Anonymous,excluded_with=Metadata Static StaticLogin Token Anonymous"`
	Metadata          bool          `flb:"YcMetadata" validate:"excluded_with=Static StaticLogin Token Anonymous"`
	Static            config.Secret `flb:"Static" validate:"excluded_with=StaticLogin Token Anonymous"`
	StaticLogin       string        `flb:"StaticLogin" validate:"required_with=StaticPassword,excluded_with=Token Anonymous"`
	StaticPassword    config.Secret `flb:"StaticPassword" validate:"required_with=StaticLogin"`
	Token             config.Secret `flb:"Token" validate:"excluded_with=Anonymous"`
	Anonymous         bool          `flb:"Anonymous"`
}

type redis struct {
	Hosts         []hostPort    `flb:"Hosts,sep=space" default:"127.0.0.1:6379"`
	Password      config.Secret `flb:"Password"`
	DB            int           `flb:"DB" default:"0" validate:"min=0"`
	UseTLS        bool          `flb:"UseTLS" default:"false"`
	TLSSkipVerify bool          `flb:"TLSSkipVerify" default:"true"`
	Key           string        `flb:"Key" default:"logstash"`
}

// hostPort is host[:port] with a default port.
type hostPort string

func (h *hostPort) UnmarshalText(text []byte) error {
	host, port, err := net.SplitHostPort(string(text))
	if err != nil {
		host, port = strings.Trim(string(text), "[]"), "6379"
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("port %s (want 0 to 65535)", port)
	}
	*h = hostPort(net.JoinHostPort(host, port))
	return nil
}

type beats struct {
	Address    string `flb:"address" default:"0.0.0.0:5044" validate:"hostname_port"`
	BufferSize int    `flb:"buffer_size" default:"16384" validate:"min=1"`
	EnableV1   bool   `flb:"enable_v1" default:"false"`
	EnableV2   bool   `flb:"enable_v2" default:"true"`
	TLSActive  bool   `flb:"tls_active" default:"false"`
	CertFile   string `flb:"cert_file" validate:"required_if=TLSActive true"`
	KeyFile    string `flb:"key_file" validate:"required_if=TLSActive true"`
	CAFile     string `flb:"ca_file" validate:"excluded_unless=TLSActive true"`
	WALPath    string `flb:"wal_path"`
}
