import { expect, test } from "vitest";
import { decodeOtlpTraces } from "@/lib/ingest/otlp-traces";
import { findArchive, readArchive } from "@/lib/sample-data/archive";
import { shiftSpans } from "@/lib/sample-data/shift-spans";
import type { Span } from "@/lib/trace/span";

const YEAR_NS = 365n * 86_400_000_000_000n;
const LATER = 4_000_000_000_000_000_000n;

async function recordedExports(): Promise<Buffer[]> {
  const bodies: Buffer[] = [];
  for await (const { path, body } of readArchive(findArchive() ?? "")) {
    if (path === "/v1/traces") bodies.push(Buffer.from(body));
  }
  return bodies;
}

const spansOf = (request: Buffer): readonly Span[] => decodeOtlpTraces(request, "protobuf", LATER).spans;

test("every instant of every recorded span moves, and nothing else does", async () => {
  let events = 0;
  for (const request of await recordedExports()) {
    const moved = Buffer.from(request);
    shiftSpans(moved, YEAR_NS);
    const expected = spansOf(request).map((span) => ({
      ...span,
      startUnixNano: span.startUnixNano + YEAR_NS,
      events: span.events.map((event) => ({ ...event, timeUnixNano: event.timeUnixNano + YEAR_NS })),
    }));
    expect(spansOf(moved)).toEqual(expected);
    events += expected.reduce((count, span) => count + span.events.length, 0);
    shiftSpans(moved, -YEAR_NS);
    expect(moved.equals(request)).toBe(true);
  }
  expect(events).toBeGreaterThan(0);
});

test("a request cut off anywhere is refused or left whole, never read past its end", async () => {
  const request = (await recordedExports()).sort((a, b) => a.length - b.length)[0] ?? Buffer.alloc(0);
  const refused = Array.from({ length: request.length - 1 }, (_, index) => {
    try {
      shiftSpans(Buffer.from(request.subarray(0, index + 1)), YEAR_NS);
      return false;
    } catch {
      return true;
    }
  });
  expect(refused.filter((was) => !was)).toEqual([]);
});
