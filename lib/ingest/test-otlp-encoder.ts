/** OTLP JSON to protobuf, for tests that send the same spans in both encodings. Knows every field that we read. */
type Json = Readonly<Record<string, unknown>>;

export function encodeExport(request: Json): Buffer {
  return Buffer.concat(
    many(request.resourceSpans, (entry) =>
      field(
        1,
        // The scopes first: a reader may not rely on the order of fields.
        ...many(entry.scopeSpans, (scoped) =>
          field(2, ...many(scoped.spans, (span) => field(2, ...span_(span))), scope(scoped.scope)),
        ),
        field(1, ...attributes(1, obj(entry.resource).attributes)),
      ),
    ),
  );
}

function scope(value: unknown): Buffer {
  const { name, version } = obj(value);
  return field(1, text(1, name), text(2, version));
}

function span_(span: Json): Buffer[] {
  return [
    hex(1, span.traceId),
    hex(2, span.spanId),
    text(3, span.traceState),
    hex(4, span.parentSpanId),
    text(5, span.name),
    varint(6, span.kind),
    fixed64(7, span.startTimeUnixNano),
    fixed64(8, span.endTimeUnixNano),
    ...attributes(9, span.attributes),
    ...many(span.events, (event) =>
      field(11, fixed64(1, event.timeUnixNano), text(2, event.name), ...attributes(3, event.attributes)),
    ),
    ...many(span.links, (link) =>
      field(
        13,
        hex(1, link.traceId),
        hex(2, link.spanId),
        text(3, link.traceState),
        ...attributes(4, link.attributes),
      ),
    ),
    field(15, text(2, obj(span.status).message), varint(3, obj(span.status).code)),
    fixed32(16, span.flags),
  ];
}

function attributes(number: number, list: unknown): Buffer[] {
  return many(list, (item) => field(number, text(1, item.key), field(2, ...value(obj(item.value)))));
}

function value(any: Json): Buffer[] {
  if (any.stringValue !== undefined) return [field(1, Buffer.from(String(any.stringValue)))];
  if (any.boolValue !== undefined) return [key(2, 0), number(any.boolValue === true ? 1n : 0n)];
  if (any.intValue !== undefined)
    return [key(3, 0), number(BigInt.asUintN(64, BigInt(String(any.intValue))))];
  if (any.doubleValue !== undefined) {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(Number(any.doubleValue));
    return [key(4, 1), bytes];
  }
  if (any.arrayValue !== undefined) {
    return [field(5, ...many(obj(any.arrayValue).values, (item) => field(1, ...value(item))))];
  }
  if (any.kvlistValue !== undefined) return [field(6, ...attributes(1, obj(any.kvlistValue).values))];
  if (any.bytesValue !== undefined) return [field(7, Buffer.from(String(any.bytesValue), "base64"))];
  return [];
}

export function field(number_: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([key(number_, 2), number(BigInt(body.length)), body]);
}

function text(number_: number, value_: unknown): Buffer {
  return value_ === undefined ? Buffer.alloc(0) : field(number_, Buffer.from(String(value_)));
}

function hex(number_: number, value_: unknown): Buffer {
  return value_ === undefined ? Buffer.alloc(0) : field(number_, Buffer.from(String(value_), "hex"));
}

function varint(number_: number, value_: unknown): Buffer {
  return value_ === undefined
    ? Buffer.alloc(0)
    : Buffer.concat([key(number_, 0), number(BigInt(Number(value_)))]);
}

function fixed64(number_: number, value_: unknown): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(String(value_ ?? 0))));
  return Buffer.concat([key(number_, 1), bytes]);
}

function fixed32(number_: number, value_: unknown): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(Number(value_ ?? 0));
  return Buffer.concat([key(number_, 5), bytes]);
}

function key(number_: number, wire: number): Buffer {
  return number(BigInt(number_ * 8 + wire));
}

function number(value_: bigint): Buffer {
  const bytes: number[] = [];
  for (; value_ >= 0x80n; value_ >>= 7n) bytes.push(Number(value_ & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(value_)]);
}

function obj(value_: unknown): Json {
  return typeof value_ === "object" && value_ !== null ? (value_ as Json) : {};
}

function many<T>(list: unknown, each: (item: Json) => T): T[] {
  return Array.isArray(list) ? list.map((item: unknown) => each(obj(item))) : [];
}
