// Command scraped is a service that shows its profiles under /debug/pprof and waits to be asked. It writes its address
// and works until its standard input ends.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	_ "net/http/pprof" // into http.DefaultServeMux
	"os"
	"runtime"
	"time"

	"example.com/clients/work"
	"hotspan.dev/go/labels"
)

func main() {
	runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(int(time.Microsecond))
	debug := httptest.NewServer(http.DefaultServeMux)
	defer debug.Close()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		io.Copy(io.Discard, os.Stdin)
	}()
	fmt.Println(debug.URL)
	if err := work.Visit(ctx, work.Server(labels.Handler(work.Routes()))); err != nil {
		log.Fatal(err)
	}
}
