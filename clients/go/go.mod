module hotspan.dev/go

go 1.23.0

require (
	go.opentelemetry.io/otel v1.34.0
	go.opentelemetry.io/otel/trace v1.34.0
)
