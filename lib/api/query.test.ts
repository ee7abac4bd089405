import { describe, expect, test } from "vitest";
import { parseDuration, parseInstant } from "@/lib/api/instant";
import { parseSelector, parseTraceListQuery, readParameters } from "@/lib/api/query";

const list = (query: string) => parseTraceListQuery(new URLSearchParams(query));

test("instants are Unix nanoseconds, RFC 3339 or relative, exact to the nanosecond", () => {
  const now = Date.UTC(2026, 0, 1, 12);
  expect(parseInstant("1767268800123456789", now)).toBe(1767268800123456789n);
  expect(parseInstant("2026-01-01T13:00:00.123456789+01:00", now)).toBe(1767268800123456789n);
  expect(parseInstant("now-1h", now)).toBe(BigInt(Date.UTC(2026, 0, 1, 11)) * 1_000_000n);
  expect(parseInstant("now", now)).toBe(BigInt(now) * 1_000_000n);
  for (const bad of [
    "",
    "yesterday",
    "now+1h",
    "now-1",
    "-5",
    "9999999999999999999",
    "2026-13-01T00:00:00Z",
    "2026-01-01",
  ]) {
    expect(parseInstant(bad, now), bad).toBeUndefined();
  }
});

test("durations carry their unit", () => {
  expect(parseDuration("250ms")).toBe(250e6);
  expect(parseDuration("1.5s")).toBe(1.5e9);
  expect(parseDuration("100")).toBeUndefined();
  expect(parseDuration("1e3ms")).toBeUndefined();
  expect(parseDuration("52w")).toBe(52 * 7 * 86_400e9);
  expect(parseDuration("999999999999w")).toBeUndefined(); // no 64-bit integer holds it
});

describe("the list of traces", () => {
  test("reads every filter", () => {
    expect(
      list(
        "service=web&endpoint=GET+%2F&endpoint=b&from=1000&to=2000&min_duration=1ms&max_duration=2s&status=error&has_profile&q=a%3Db&sort=-cpu_ratio&limit=7&cursor=c",
      ),
    ).toEqual({
      service: "web",
      endpoints: ["GET /", "b"],
      from: 1000n,
      to: 2000n,
      minDurationNs: 1e6,
      maxDurationNs: 2e9,
      onlyErrors: true,
      hasProfile: true,
      text: "a=b",
      sort: "cpu_ratio",
      descending: true,
      limit: 7,
      cursor: "c",
    });
    expect(list("")).toEqual({
      endpoints: [],
      onlyErrors: false,
      sort: "start",
      descending: true,
      limit: 100,
    });
  });

  test.each([
    ["min_duration=abc", 'Parameter "min_duration" should be a duration such as 250ms or 1.5s, not "abc".'],
    ["sort=speed", 'Parameter "sort" should be one of start, duration'],
    ["sort=__proto__", 'Parameter "sort" should be one of'],
    ["limit=0", 'Parameter "limit" is at least 1.'],
    ["limit=x", 'Parameter "limit" is a number.'],
    ["status=ok", 'Parameter "status" is "error" or absent.'],
    ["has_profile=maybe", 'Parameter "has_profile" is true or false.'],
    ["from=20&to=10", 'Parameter "from" must be before "to".'],
    ["service=a&service=b", 'Parameter "service" is given more than once.'],
    ["servise=a", 'Unknown parameter "servise".'],
    ["__proto__=a", 'Unknown parameter "__proto__".'],
    ["service=", 'Parameter "service" must not be empty.'],
  ])("refuses %s", (query, message) => {
    expect(() => list(query)).toThrow(message);
  });
});

describe("a selector", () => {
  test("leaves the route's own parameters", () => {
    const search = new URLSearchParams(
      `trace_id=${"AB".repeat(16)}&span_id=${"1".repeat(16)}&scope=subtree&endpoint=toString&label.__proto__=x&max_nodes=9`,
    );
    const { selector, rest } = parseSelector(search);
    expect(selector).toEqual({
      type: "cpu",
      scope: "subtree",
      endpoints: ["toString"],
      labels: new Map([["__proto__", "x"]]),
      traceId: "ab".repeat(16),
      spanId: "1".repeat(16),
    });
    expect(rest.toString()).toBe("max_nodes=9");
    expect(() => readParameters(rest, {})).toThrow('Unknown parameter "max_nodes"');
  });

  test("has two sides in a diff", () => {
    const a = parseSelector(new URLSearchParams("a.service=x&b.service=y&normalize=share"), "a.");
    const b = parseSelector(a.rest, "b.");
    expect([a.selector.service, b.selector.service, b.rest.toString()]).toEqual([
      "x",
      "y",
      "normalize=share",
    ]);
    expect(() => parseSelector(new URLSearchParams("a.trace_id=12"), "a.")).toThrow(
      'Parameter "a.trace_id" should be 32',
    );
  });
});
