/** Export requests of 500 recorded spans each, every one new to the store. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { decodeOtlpTraces } from "@/lib/ingest/otlp-traces";

export const SPANS_PER_BODY = 500;

/** @param root the repository */
export function readRecordedBody(root: string): Buffer {
  return gunzipSync(readFileSync(join(root, "lib/ingest/records/otlp/bench-500-spans.pb.gz")));
}

/** @returns a maker of gzipped OTLP protobuf with ids of its own, whose first span starts at the given Unix milliseconds */
export function bodyMaker(template: Buffer): (startMs: number) => Uint8Array<ArrayBuffer> {
  const { spans } = decodeOtlpTraces(template, "protobuf", BigInt(Date.now()) * 1_000_000n);
  const ids = new Set(spans.flatMap((span) => [span.traceId, span.spanId]));
  const idPlaces = [...ids].flatMap((id) => placesOf(template, Buffer.from(id, "hex")));
  const times = spans.flatMap((span) => {
    const end = span.startUnixNano + BigInt(span.durationNs);
    return [timeField(0x39, span.startUnixNano), timeField(0x41, end)];
  });
  const [first = 0n] = spans.map(({ startUnixNano }) => startUnixNano).sort((a, b) => (a < b ? -1 : 1));
  const timePlaces = [...new Set(times.map((field) => field.toString("hex")))].flatMap((hex) =>
    placesOf(template, Buffer.from(hex, "hex")),
  );
  let serial = Date.now() >>> 0; // the store may hold what an earlier run sent
  return (startMs) => {
    serial = (serial + 1) >>> 0;
    const body = Buffer.from(template);
    const mask = Math.imul(serial, 0x9e37_79b1) >>> 0;
    for (const { at, length } of idPlaces) {
      body.writeUInt32BE((template.readUInt32BE(at + length - 8) ^ mask) >>> 0, at + length - 8);
    }
    const shift = BigInt(Math.round(startMs)) * 1_000_000n - first;
    for (const { at } of timePlaces) body.writeBigUInt64LE(template.readBigUInt64LE(at + 1) + shift, at + 1);
    return new Uint8Array(gzipSync(body, { level: 1 }));
  };
}

function timeField(tag: number, time: bigint): Buffer {
  const field = Buffer.alloc(9);
  field[0] = tag;
  field.writeBigUInt64LE(time, 1);
  return field;
}

function placesOf(bytes: Buffer, wanted: Buffer): { at: number; length: number }[] {
  const places = [];
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) {
    places.push({ at, length: wanted.length });
  }
  return places;
}
