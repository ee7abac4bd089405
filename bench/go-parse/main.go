// Times google/pprof's profile.Parse on one file: go-parse FILE REPETITIONS prints {"medianMs":..,"p95Ms":..,"minMs":..}
package main

import (
	"bytes"
	"fmt"
	"os"
	"sort"
	"strconv"
	"time"

	"github.com/google/pprof/profile"
)

func main() {
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	repetitions, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	times := make([]float64, 0, repetitions)
	for i := 0; i < repetitions; i++ {
		start := time.Now()
		if _, err := profile.Parse(bytes.NewReader(data)); err != nil {
			panic(err)
		}
		times = append(times, float64(time.Since(start).Microseconds())/1000)
	}
	sort.Float64s(times)
	fmt.Printf("{\"medianMs\":%g,\"p95Ms\":%g,\"minMs\":%g}\n", times[len(times)/2], times[len(times)*95/100], times[0])
}
