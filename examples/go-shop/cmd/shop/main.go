// Command shop runs the demo shop: a product gateway, an inventory and a pricing service, each a process of its own,
// because profiles belong to one service, and on request a crowd of customers.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"example.com/shop/gateway"
	"example.com/shop/inventory"
	"example.com/shop/load"
	"example.com/shop/pricing"
	"example.com/shop/shopdb"
	"example.com/shop/telemetry"
	"hotspan.dev/go/profiler"
)

const version = "1.4.2"

var (
	role    = flag.String("role", "all", "all, gateway, inventory, pricing or load")
	hotspan = flag.String("hotspan", "http://localhost:3000", "where profiles go")
	otlp    = flag.String("otlp", "localhost:4317", "where spans go (OTLP/gRPC)")
	port    = flag.Int("port", 8080, "of the gateway; inventory and pricing take the next two")
	crowd   = flag.Bool("load", false, "send customers too")
	rate    = flag.Float64("rate", 6, "customers a second")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		slog.Error("stopped", "role", *role, "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	switch *role {
	case "all":
		return runAll(ctx)
	case "gateway":
		db, err := shopdb.Open("shop")
		if err != nil {
			return err
		}
		defer db.Close()
		if err := gateway.Seed(db); err != nil {
			return err
		}
		shop := &gateway.Gateway{DB: db, InventoryURL: localURL(1), PricingURL: localURL(2)}
		return serve(ctx, "gateway", 0, shop.Routes())
	case "inventory":
		db, err := shopdb.Open("inventory")
		if err != nil {
			return err
		}
		defer db.Close()
		if err := inventory.Seed(db, gateway.Products); err != nil {
			return err
		}
		return serve(ctx, "inventory", 1, (&inventory.Inventory{DB: db}).Routes())
	case "pricing":
		return serve(ctx, "pricing", 2, new(pricing.Pricing).Routes())
	case "load":
		load.Run(ctx, localURL(0), *rate, gateway.Products, gateway.BigProducts)
		return nil
	default:
		return fmt.Errorf("-role %s is none of all, gateway, inventory, pricing, load", *role)
	}
}

// runAll starts this very program once for each role and ends when the first of them does.
func runAll(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	roles := []string{"inventory", "pricing", "gateway"}
	if *crowd {
		roles = append(roles, "load")
	}
	var all sync.WaitGroup
	failures := make([]error, len(roles))
	for i, role := range roles {
		child := exec.CommandContext(ctx, self, append([]string{"-role", role}, forwarded()...)...)
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		child.Cancel = func() error { return child.Process.Signal(syscall.SIGTERM) }
		child.WaitDelay = 10 * time.Second
		all.Go(func() {
			defer stop()
			if err := child.Run(); err != nil && ctx.Err() == nil {
				failures[i] = fmt.Errorf("%s: %w", role, err)
			}
		})
	}
	all.Wait()
	return errors.Join(failures...)
}

func forwarded() []string {
	var arguments []string
	flag.Visit(func(f *flag.Flag) {
		if f.Name != "role" {
			arguments = append(arguments, fmt.Sprintf("-%s=%s", f.Name, f.Value))
		}
	})
	return arguments
}

func localURL(offset int) string { return fmt.Sprintf("http://localhost:%d", *port+offset) }

// serve answers on the role's port, traced and profiled, until the context ends.
func serve(ctx context.Context, service string, offset int, routes *http.ServeMux) error {
	flush, err := telemetry.StartTracing(ctx, *otlp, service, version)
	if err != nil {
		return err
	}
	profiles, err := profiler.Start(profiler.Config{
		URL:           *hotspan,
		Service:       service,
		Labels:        map[string]string{"version": version},
		CPUEvery:      10 * time.Second, // without a gap: a demo has few requests, and each is to have its samples
		MutexFraction: 1,
		BlockRate:     10 * time.Microsecond,
	})
	if err != nil {
		return err
	}

	server := &http.Server{Addr: fmt.Sprintf("localhost:%d", *port+offset), Handler: telemetry.Middleware(routes)}
	go func() {
		<-ctx.Done()
		deadline, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		server.Shutdown(deadline)
	}()
	slog.Info("listening", "service", service, "url", localURL(offset))
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	deadline, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := profiles.Stop(deadline); err != nil {
		slog.Warn("the last profiles are lost", "service", service, "error", err)
	}
	if err := flush(deadline); err != nil {
		slog.Warn("the last spans are lost", "service", service, "error", err)
	}
	return nil
}
