package profiler

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// capture is a closer look under way, and afterwards what Hotspan is told of it: why, when, and which profiles came of it.
// The goroutine that profiles writes all but stored, before the report is queued; the goroutine that pushes reads it then.
type capture struct {
	reason     string
	start, end time.Time
	stored     []storedProfile
}

// reportKind marks what is queued behind the profiles of a capture.
const reportKind = "capture"

type storedProfile struct {
	Kind      string `json:"kind"`
	ProfileID string `json:"profileId"`
}

// note reads Hotspan's receipt of one of the capture's profiles. One in other words than Hotspan's is passed over: the
// profile is stored all the same.
func (c *capture) note(kind string, receipt []byte) {
	var got struct {
		ProfileID string `json:"profileId"`
	}
	if json.Unmarshal(receipt, &got) == nil && got.ProfileID != "" {
		c.stored = append(c.stored, storedProfile{kind, got.ProfileID})
	}
}

// report is the body of POST /api/v1/captures; nil when no profile arrived, for then there is nothing to be shown.
func (c *capture) report(config Config) []byte {
	if len(c.stored) == 0 {
		return nil
	}
	id := make([]byte, 16)
	rand.Read(id)
	trigger, _, _ := strings.Cut(c.reason, " ")
	body, err := json.Marshal(map[string]any{
		"id":            hex.EncodeToString(id),
		"service":       config.Service,
		"instance":      config.Instance,
		"trigger":       trigger,
		"reason":        c.reason,
		"reading":       nil,
		"seconds":       int(c.end.Sub(c.start).Round(time.Second) / time.Second),
		"state":         "done",
		"message":       "",
		"startUnixNano": unixNano(c.start),
		"endUnixNano":   unixNano(c.end),
		"profiles":      c.stored,
	})
	if err != nil {
		return nil // strings and numbers alone: it does not happen
	}
	return body
}

func unixNano(at time.Time) string { return strconv.FormatInt(at.UnixNano(), 10) }
