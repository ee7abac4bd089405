package profiler

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
)

// Fields of github.com/google/pprof/proto/profile.proto, as far as they are read here.
const (
	profileSample   = 2
	profileLocation = 4
	profileTime     = 9
	profileDuration = 10
	sampleLocation  = 1
	sampleValue     = 2
	sampleLabel     = 3
	labelNumber     = 3
	locationID      = 1
	locationAddress = 3
)

const (
	wireVarint = 0
	wireBytes  = 2
)

var errMalformed = errors.New("the runtime wrote a profile that cannot be read")

// field is one field of a protocol buffer message.
type field struct {
	number int
	varint uint64 // of a number
	bytes  []byte // of a message, a text, or packed numbers
	packed bool
	whole  []byte // with its tag
}

// eachField calls do with the fields of a message in their order.
func eachField(message []byte, do func(field) error) error {
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 {
			return errMalformed
		}
		f := field{number: int(tag >> 3)}
		value, m := binary.Uvarint(message[n:])
		if m <= 0 {
			return errMalformed
		}
		end := n + m
		switch tag & 7 {
		case wireVarint:
			f.varint = value
		case wireBytes:
			if value > uint64(len(message)-end) {
				return errMalformed
			}
			f.packed = true
			f.bytes = message[end : end+int(value)]
			end += int(value)
		default: // profiles have no others
			return errMalformed
		}
		f.whole = message[:end]
		message = message[end:]
		if err := do(f); err != nil {
			return err
		}
	}
	return nil
}

// eachNumber calls do with the numbers of a repeated field, which the runtime packs when there are more than two.
func (f field) eachNumber(do func(uint64) error) error {
	if !f.packed {
		return do(f.varint)
	}
	for rest := f.bytes; len(rest) > 0; {
		number, n := binary.Uvarint(rest)
		if n <= 0 {
			return errMalformed
		}
		if err := do(number); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

func appendVarint(out []byte, number int, value uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(out, uint64(number)<<3|wireVarint), value)
}

func appendBytes(out []byte, number int, value []byte) []byte {
	out = binary.AppendUvarint(out, uint64(number)<<3|wireBytes)
	return append(binary.AppendUvarint(out, uint64(len(value))), value...)
}

func unzip(gzipped []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(gzipped))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}

func zip(raw []byte) ([]byte, error) {
	var out bytes.Buffer
	writer, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := writer.Write(raw); err != nil {
		return nil, err
	}
	err = writer.Close()
	return out.Bytes(), err
}
