/** Ids that a client wrote in a way of its own: what they may stand for in OpenTelemetry's words. */
import { parseSpanId, parseTraceId } from "@/lib/ids";

export interface IdReading {
  /** As a user would say it: "decimal", "base64", "a traceparent". */
  readonly form: string;
  readonly kind: "trace" | "span";
  /** The value in lower-case hex, 32 or 16 digits; a trace id of 64 bits has its 16 alone. */
  readonly hex: string;
}

const UINT64 = 1n << 64n;
const UINT128 = 1n << 128n;

type Reader = (text: string) => IdReading | undefined;

/** In this order: the first that fits is it. */
const READERS: readonly Reader[] = [
  (text) =>
    trace("a whole traceparent", /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/i.exec(text)?.[1]),
  (text) => trace("a UUID with dashes", uuid(text)),
  (text) => trace("hex after 0x", /^0x([0-9a-f]{32})$/i.exec(text)?.[1]),
  (text) => span("hex after 0x", /^0x([0-9a-f]{16})$/i.exec(text)?.[1]),
  // All digits are a number: 16 or 32 of them are no hex that anyone would meet by chance.
  (text) => (/^\d+$/.test(text) ? decimal(text) : undefined),
  (text) => trace("hex", /^[0-9a-f]{32}$/i.exec(text)?.[0]),
  (text) => span("hex", /^[0-9a-f]{16}$/i.exec(text)?.[0]),
  (text) => (/^[A-Za-z0-9+/_-]{22}==$/.test(text) ? trace("base64", bytesInHex(text)) : undefined),
  (text) => (/^[A-Za-z0-9+/_-]{11}=$/.test(text) ? span("base64", bytesInHex(text)) : undefined),
];

/** @returns how a label's value can be read as an id, undefined when it is none */
export function readIdForm(value: string): IdReading | undefined {
  for (const read of READERS) {
    const reading = read(value.trim());
    if (reading !== undefined) return reading;
  }
  return undefined;
}

/** @returns whether the key by itself says that an id of a trace or span is meant: `dd.trace_id`, `x-b3-spanid` */
export function namesAnId(key: string): boolean {
  return /trace|span/i.test(key);
}

/** @returns an id of 16 digits, all decimal, as the number that a client may have written: the same in hex */
export function hexOfDecimalDigits(digits: string): string | undefined {
  return /^\d{16}$/.test(digits) ? decimal(digits)?.hex : undefined;
}

function decimal(text: string): IdReading | undefined {
  if (text.length < 12 || text.length > 39) return undefined; // fewer digits count or measure something
  const value = BigInt(text);
  if (value < UINT64) return span("decimal", value.toString(16).padStart(16, "0"));
  return value < UINT128 ? trace("decimal", value.toString(16).padStart(32, "0")) : undefined;
}

function uuid(text: string): string | undefined {
  return /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text) ? text.replaceAll("-", "") : undefined;
}

function bytesInHex(base64: string): string {
  const binary = atob(base64.replaceAll("-", "+").replaceAll("_", "/"));
  return Array.from(binary, (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

function trace(form: string, hex: string | undefined): IdReading | undefined {
  const id = hex === undefined ? undefined : parseTraceId(hex);
  return id === undefined ? undefined : { form, kind: "trace", hex: id };
}

function span(form: string, hex: string | undefined): IdReading | undefined {
  const id = hex === undefined ? undefined : parseSpanId(hex);
  return id === undefined ? undefined : { form, kind: "span", hex: id };
}
