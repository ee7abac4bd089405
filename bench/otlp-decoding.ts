import { decodeOtlpTraces } from "@/lib/ingest/otlp-traces";
import { decodeTraceRows } from "@/lib/ingest/trace-rows";
import type { Figure } from "./figure";
import { readRecordedBody, SPANS_PER_BODY } from "./otlp-bodies";

/** The receiver's own share: a recorded body of 500 spans to spans, and on to rows ready to insert. */
export function measureOtlpDecoding(root: string): Figure[] {
  const bytes = readRecordedBody(root);
  const now = BigInt(Date.now()) * 1_000_000n;
  const decode = perCpuSecond(() => decodeOtlpTraces(bytes, "protobuf", now));
  const toRows = perCpuSecond(() => decodeTraceRows({ bytes, encoding: "protobuf", now, source: "" }));
  const group = "OTLP, 500 spans a body";
  return [
    { group, name: "bytes to spans", unit: "spans/CPU s", value: decode },
    { group, name: "bytes to rows", unit: "spans/CPU s", value: toRows },
  ];
}

function perCpuSecond(work: () => unknown): number {
  for (let round = 0; round < 200; round++) work();
  const rounds = 600;
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round++) work();
  const { user, system } = process.cpuUsage(before);
  return (rounds * SPANS_PER_BODY * 1e6) / (user + system);
}
