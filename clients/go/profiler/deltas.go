package profiler

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"runtime/pprof"
	"time"
)

// The runtime counts allocations and waits from the start of the process. Pushed as they are, a sum over time would
// count everything again and again, so what is pushed is the difference to the profile before. Bytes in use are a
// state, and stay.
//
// The difference is made on the encoded profile, which has whole stacks, already scaled and named by the runtime; the
// records that runtime.MemProfile returns are cut at 32 frames. Only the values of samples are written anew. Numbers of
// locations differ from profile to profile, so a stack is known by the addresses of its locations.

type deltas struct{ heap, mutex, block delta }

// take returns what was added since it was called before, nothing the first time.
func (d *deltas) take(now time.Time) ([]profile, error) {
	var taken []profile
	var failures []error
	for _, one := range []struct {
		kind   string
		counts int // the first so many values of a sample are counted from the start of the process
		delta  *delta
	}{{"heap", 2, &d.heap}, {"mutex", 2, &d.mutex}, {"block", 2, &d.block}} {
		var body bytes.Buffer
		if err := pprof.Lookup(one.kind).WriteTo(&body, 0); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", one.kind, err))
			continue
		}
		since := one.delta.at
		difference, err := one.delta.next(body.Bytes(), one.counts, now)
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", one.kind, err))
			continue
		}
		if difference != nil {
			taken = append(taken, profile{kind: one.kind, start: since, duration: now.Sub(since), body: difference})
		}
	}
	return taken, errors.Join(failures...)
}

// delta remembers the values of one kind of profile.
type delta struct {
	at     time.Time
	before map[uint64]values
}

// values of one stack, in the order of the sample types; profiles of the runtime have four at most.
type values [4]int64

var seed = maphash.MakeSeed()

// next takes a gzipped profile and returns it with its first counts values as the difference to the profile before,
// without the samples that have become empty; nil when none is left or there was none before.
func (d *delta) next(gzipped []byte, counts int, now time.Time) ([]byte, error) {
	raw, err := unzip(gzipped)
	if err != nil {
		return nil, err
	}
	addresses, err := readAddresses(raw)
	if err != nil {
		return nil, err
	}
	totals := make(map[uint64]values, len(d.before))
	var samples []sample
	err = eachField(raw, func(f field) error {
		if f.number != profileSample {
			return nil
		}
		s, err := readSample(f.bytes, addresses)
		samples = append(samples, s)
		total := totals[s.stack]
		for i := range counts {
			total[i] += s.values[i]
		}
		totals[s.stack] = total
		return err
	})
	if err != nil {
		return nil, err
	}
	before, since := d.before, d.at
	d.before, d.at = totals, now
	if before == nil {
		return nil, nil
	}

	out := make([]byte, 0, len(raw))
	left := 0
	said := make(map[uint64]bool, len(samples))
	i := 0
	err = eachField(raw, func(f field) error {
		switch f.number {
		case profileSample:
			s := samples[i]
			i++
			for v := range counts {
				// Two samples of one stack: the first says it all. Less than before: the rate was changed meanwhile.
				if s.values[v] = max(0, totals[s.stack][v]-before[s.stack][v]); said[s.stack] {
					s.values[v] = 0
				}
			}
			said[s.stack] = true
			if s.values != (values{}) {
				left++
				out = s.append(out)
			}
		case profileTime, profileDuration: // written below
		default:
			out = append(out, f.whole...)
		}
		return nil
	})
	if err != nil || left == 0 {
		return nil, err
	}
	out = appendVarint(out, profileTime, uint64(since.UnixNano()))
	out = appendVarint(out, profileDuration, uint64(now.Sub(since)))
	return zip(out)
}

// sample is one sample of a profile, its locations and labels as they are.
type sample struct {
	stack  uint64
	values values
	types  int
	rest   [][]byte
}

func readSample(message []byte, addresses map[uint64]uint64) (sample, error) {
	var s sample
	var hash maphash.Hash
	hash.SetSeed(seed)
	write := func(number uint64) {
		var bytes [8]byte
		binary.LittleEndian.PutUint64(bytes[:], number)
		hash.Write(bytes[:])
	}
	err := eachField(message, func(f field) error {
		switch f.number {
		case sampleLocation:
			s.rest = append(s.rest, f.whole)
			return f.eachNumber(func(id uint64) error { write(addresses[id]); return nil })
		case sampleValue:
			return f.eachNumber(func(value uint64) error {
				if s.types == len(s.values) {
					return errMalformed
				}
				s.values[s.types] = int64(value)
				s.types++
				return nil
			})
		case sampleLabel: // the size of the objects, in heap profiles
			s.rest = append(s.rest, f.whole)
			return eachField(f.bytes, func(of field) error {
				if of.number == labelNumber {
					write(of.varint)
				}
				return nil
			})
		}
		s.rest = append(s.rest, f.whole)
		return nil
	})
	s.stack = hash.Sum64()
	return s, err
}

func (s *sample) append(out []byte) []byte {
	var packed []byte
	for _, value := range s.values[:s.types] {
		packed = binary.AppendUvarint(packed, uint64(value))
	}
	var message []byte
	for _, raw := range s.rest {
		message = append(message, raw...)
	}
	message = appendBytes(message, sampleValue, packed)
	return appendBytes(out, profileSample, message)
}

// readAddresses returns the address of each location by its id.
func readAddresses(profile []byte) (map[uint64]uint64, error) {
	addresses := map[uint64]uint64{}
	err := eachField(profile, func(f field) error {
		if f.number != profileLocation {
			return nil
		}
		var id, address uint64
		err := eachField(f.bytes, func(of field) error {
			switch of.number {
			case locationID:
				id = of.varint
			case locationAddress:
				address = of.varint
			}
			return nil
		})
		addresses[id] = address
		return err
	})
	return addresses, err
}
