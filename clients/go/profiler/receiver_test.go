package profiler

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// received is one request that a fake Hotspan got.
type received struct {
	query url.Values
	body  []byte
}

func (r received) kind() string { return r.query.Get("kind") }

// receiver stands for Hotspan. answer says what it thinks of a request; nil takes all.
func receiver(t *testing.T, answer func(received) (code int, retryAfter string)) (target string, requests chan received) {
	t.Helper()
	requests = make(chan received, 1000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // stopped while it was sending
		}
		got := received{r.URL.Query(), body}
		switch {
		case r.Method == http.MethodPost && r.URL.Path == "/api/v1/profiles":
		case r.Method == http.MethodPost && r.URL.Path == "/api/v1/captures" && r.Header.Get("Content-Type") == "application/json":
			got.query.Set("kind", reportKind)
		default:
			t.Errorf("%s %s", r.Method, r.URL)
		}
		if answer != nil {
			if code, retryAfter := answer(got); code != http.StatusOK {
				if retryAfter != "" {
					w.Header().Set("Retry-After", retryAfter)
				}
				http.Error(w, "not now", code)
				requests <- got
				return
			}
		}
		fmt.Fprintf(w, `{"profileId":%q}`, receiptOf(body))
		requests <- got
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
}

// receiptOf is the id that Hotspan gives a profile: of its bytes.
func receiptOf(body []byte) string {
	return fmt.Sprintf("%x", sha256.Sum256(body))[:16]
}

// next waits for a request that is wanted and passes over others.
func next(t *testing.T, requests chan received, what string, wanted func(received) bool) received {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case got := <-requests:
			if wanted(got) {
				return got
			}
		case <-deadline:
			t.Fatalf("no %s within 20 s", what)
		}
	}
}

func ofKind(kind string) func(received) bool {
	return func(r received) bool { return r.kind() == kind }
}

// start starts a profiler that is stopped with the test.
func start(t *testing.T, config Config) *Profiler {
	t.Helper()
	config.Service = "shop"
	config.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	p, err := Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		p.Stop(ctx) // the second time for most tests
	})
	return p
}

// decoded is a profile as its reader sees it: sums over all samples by function that is anywhere on their stack.
type decoded struct {
	types     []string
	byLeaf    map[string][]int64
	within    map[string][]int64
	labels    map[string]map[string]bool
	start     int64
	duration  int64
	locations int
}

func decode(t *testing.T, gzipped []byte) decoded {
	t.Helper()
	raw, err := unzip(gzipped)
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var texts []string
	names, functions := map[uint64]uint64{}, map[uint64][]uint64{}
	d := decoded{within: map[string][]int64{}, byLeaf: map[string][]int64{}, labels: map[string]map[string]bool{}}
	must(eachField(raw, func(f field) error {
		if f.number == 6 {
			texts = append(texts, string(f.bytes))
		}
		return nil
	}))
	must(eachField(raw, func(f field) error {
		var id, name uint64
		switch f.number {
		case 1:
			return eachField(f.bytes, func(of field) error {
				if of.number == 1 {
					d.types = append(d.types, texts[of.varint])
				}
				return nil
			})
		case 4:
			d.locations++
			return eachField(f.bytes, func(of field) error {
				switch of.number {
				case 1:
					id = of.varint
				case 4:
					return eachField(of.bytes, func(line field) error {
						if line.number == 1 {
							functions[id] = append(functions[id], line.varint)
						}
						return nil
					})
				}
				return nil
			})
		case 5:
			must(eachField(f.bytes, func(of field) error {
				switch of.number {
				case 1:
					id = of.varint
				case 2:
					name = of.varint
				}
				return nil
			}))
			names[id] = name
		case 9:
			d.start = int64(f.varint)
		case 10:
			d.duration = int64(f.varint)
		}
		return nil
	}))
	must(eachField(raw, func(f field) error {
		if f.number != 2 {
			return nil
		}
		var stack []string
		var numbers []int64
		must(eachField(f.bytes, func(of field) error {
			switch of.number {
			case 1:
				return of.eachNumber(func(location uint64) error {
					for _, function := range functions[location] {
						stack = append(stack, texts[names[function]])
					}
					return nil
				})
			case 2:
				return of.eachNumber(func(value uint64) error { numbers = append(numbers, int64(value)); return nil })
			case 3:
				var key, text uint64
				must(eachField(of.bytes, func(part field) error {
					switch part.number {
					case 1:
						key = part.varint
					case 2:
						text = part.varint
					}
					return nil
				}))
				if d.labels[texts[key]] == nil {
					d.labels[texts[key]] = map[string]bool{}
				}
				d.labels[texts[key]][texts[text]] = true
			}
			return nil
		}))
		seen := map[string]bool{}
		for i, function := range stack {
			if !seen[function] {
				seen[function] = true
				d.within[function] = plus(d.within[function], numbers)
			}
			if i == 0 {
				d.byLeaf[function] = plus(d.byLeaf[function], numbers)
			}
		}
		return nil
	}))
	return d
}

// value is the sum of one type over the samples below the functions whose name ends so.
func (d decoded) value(typ, function string) int64 {
	var sum int64
	for name, numbers := range d.within {
		if strings.HasSuffix(name, function) {
			for i := range d.types {
				if d.types[i] == typ {
					sum += numbers[i]
				}
			}
		}
	}
	return sum
}

func plus(sum, numbers []int64) []int64 {
	if sum == nil {
		sum = make([]int64, len(numbers))
	}
	for i := range numbers {
		sum[i] += numbers[i]
	}
	return sum
}
