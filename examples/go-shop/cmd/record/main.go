// Command record takes the place of a Hotspan: it accepts what the shop sends and writes it, byte for byte and with
// its time of arrival, to one archive.
//
// The archive is one gzip stream of entries. An entry is a 32-bit big-endian length and that many bytes of JSON
// ({"path": "/v1/traces", "arrived": "<Unix nanoseconds>"}, the path with its query), then a length and the body.
package main

import (
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
)

func main() {
	output := flag.String("o", "shop.rec.gz", "the archive to write")
	grpcAddress := flag.String("otlp", "localhost:4317", "where to listen for spans (OTLP/gRPC)")
	httpAddress := flag.String("http", "localhost:3000", "where to listen for profiles")
	duration := flag.Duration("for", 10*time.Minute, "how long to record")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *duration)
	defer cancel()
	if err := record(ctx, *output, *grpcAddress, *httpAddress); err != nil {
		log.Fatal(err)
	}
}

func record(ctx context.Context, output, grpcAddress, httpAddress string) error {
	archive, err := create(output)
	if err != nil {
		return err
	}
	grpcListener, err := net.Listen("tcp", grpcAddress)
	if err != nil {
		return err
	}
	httpListener, err := net.Listen("tcp", httpAddress)
	if err != nil {
		return err
	}
	spans := grpc.NewServer(grpc.ForceServerCodec(rawCodec{}), grpc.MaxRecvMsgSize(64<<20))
	spans.RegisterService(traceService(archive), archive)
	profiles := &http.Server{Handler: archive}
	go spans.Serve(grpcListener)
	go profiles.Serve(httpListener)
	log.Printf("recording spans at %s and profiles at %s to %s", grpcAddress, httpAddress, output)

	<-ctx.Done()
	spans.GracefulStop()
	return errors.Join(profiles.Shutdown(context.Background()), archive.close())
}

type archive struct {
	mu      sync.Mutex
	file    *os.File
	gz      *gzip.Writer
	entries int
	failed  error
}

func create(path string) (*archive, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	gz, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	return &archive{file: file, gz: gz}, err
}

func (a *archive) add(path string, body []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	head, err := json.Marshal(map[string]string{"path": path, "arrived": strconv.FormatInt(time.Now().UnixNano(), 10)})
	if err != nil {
		return err
	}
	for _, part := range [][]byte{head, body} {
		if a.failed == nil {
			a.failed = binary.Write(a.gz, binary.BigEndian, uint32(len(part)))
		}
		if a.failed == nil {
			_, a.failed = a.gz.Write(part)
		}
	}
	a.entries++
	return a.failed
}

func (a *archive) close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	log.Printf("%d requests recorded", a.entries)
	return errors.Join(a.failed, a.gz.Close(), a.file.Close())
}

// ServeHTTP records a posted profile.
func (a *archive) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = a.add(r.URL.RequestURI(), body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, "{}")
}

// traceService records OTLP/gRPC exports under the path that the same bytes would be posted to over HTTP.
func traceService(a *archive) *grpc.ServiceDesc {
	export := func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		var body []byte
		if err := decode(&body); err != nil {
			return nil, err
		}
		return []byte{}, a.add("/v1/traces", body)
	}
	return &grpc.ServiceDesc{
		ServiceName: "opentelemetry.proto.collector.trace.v1.TraceService",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Export", Handler: export}},
	}
}

// rawCodec hands messages over as they are on the wire.
type rawCodec struct{}

func (rawCodec) Name() string                  { return "proto" }
func (rawCodec) Marshal(v any) ([]byte, error) { return v.([]byte), nil }
func (rawCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}
