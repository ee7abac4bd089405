import { HotspanError } from "@/lib/errors";

/**
 * Where instants are in an OTLP trace request (opentelemetry-proto, trace.proto): a message is the numbers of its
 * instants (fixed64) and of the messages that hold more of them. Everything else is stepped over, unread.
 */
interface Layout {
  readonly instants: readonly number[];
  readonly messages: ReadonlyMap<number, Layout>;
}

const EVENT: Layout = { instants: [1], messages: new Map() };
const SPAN: Layout = { instants: [7, 8], messages: new Map([[11, EVENT]]) };
const SCOPE_SPANS: Layout = { instants: [], messages: new Map([[2, SPAN]]) };
const RESOURCE_SPANS: Layout = { instants: [], messages: new Map([[2, SCOPE_SPANS]]) };
const REQUEST: Layout = { instants: [], messages: new Map([[1, RESOURCE_SPANS]]) };

/**
 * Moves every span's start and end and every event's time by `byNanos`, in place: an instant has eight bytes on the
 * wire whatever its value, so no length changes. An instant of 0 means "not set" and stays.
 *
 * @param request ExportTraceServiceRequest as protobuf
 * @throws HotspanError `internal` when it is not
 */
export function shiftSpans(request: Buffer, byNanos: bigint): void {
  shift(request, 0, request.length, REQUEST, byNanos);
}

/** Recurses as deep as the layout, four messages, whatever the bytes say. */
function shift(bytes: Buffer, start: number, end: number, layout: Layout, byNanos: bigint): void {
  let at = start;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < end && scale < 2 ** 70; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw malformed(at);
  };
  while (at < end) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        varint();
        break;
      case 1:
        if (at + 8 > end) throw malformed(at);
        if (layout.instants.includes(field)) {
          const instant = bytes.readBigUInt64LE(at);
          if (instant !== 0n) bytes.writeBigUInt64LE(BigInt.asUintN(64, instant + byNanos), at);
        }
        at += 8;
        break;
      case 2: {
        const length = varint();
        if (length > end - at) throw malformed(at);
        const inner = layout.messages.get(field);
        if (inner !== undefined) shift(bytes, at, at + length, inner, byNanos);
        at += length;
        break;
      }
      case 5:
        at += 4;
        break;
      default:
        throw malformed(at);
    }
  }
  if (at !== end) throw malformed(at);
}

function malformed(at: number): HotspanError {
  return new HotspanError("internal", `The sample data hold a malformed trace request (byte ${at}).`);
}
