import { readTracesJson } from "@/lib/ingest/otlp-json";
import { Tally } from "@/lib/ingest/otlp-limits";
import { readTracesProtobuf } from "@/lib/ingest/otlp-protobuf";
import type { Span } from "@/lib/trace/span";

export type OtlpEncoding = "protobuf" | "json";

export interface DecodedTraces {
  readonly spans: readonly Span[];
  /** Spans that cannot be stored. */
  readonly rejectedSpans: number;
  /** Why spans were refused and what was cut from those kept, one sentence for the sender; "" when all is well. */
  readonly message: string;
}

/**
 * Decodes an OTLP ExportTraceServiceRequest, uncompressed. Both encodings of the same spans give equal results.
 * @param now the receiver's clock in Unix nanoseconds, against which future spans are judged
 * @throws HotspanError `invalid-input` when the body as a whole cannot be read, naming what is wrong
 */
export function decodeOtlpTraces(bytes: Buffer, encoding: OtlpEncoding, now: bigint): DecodedTraces {
  const rejected = new Tally();
  const cuts = new Tally();
  const read = encoding === "protobuf" ? readTracesProtobuf : readTracesJson;
  const spans = read(bytes, now, rejected, cuts);
  const sentences = [
    rejected.total === 0
      ? ""
      : `${rejected.total} of ${rejected.total + spans.length} spans refused: ${rejected.describe()}.`,
    cuts.total === 0 ? "" : `Kept, but: ${cuts.describe()}.`,
  ];
  return {
    spans,
    rejectedSpans: rejected.total,
    message: sentences.filter((sentence) => sentence !== "").join(" "),
  };
}
