/**
 * Limits on what one span may carry. They bound what a page has to show and what the store has to index; the span
 * is kept, the excess is cut and counted, and the sender is told in `partialSuccess.errorMessage`.
 */
import { invalidInput } from "@/lib/errors";

/** Characters (UTF-16 units) of an attribute value, status message or event attribute. */
export const MAX_VALUE_LENGTH = 65_536;
/** Characters of a span, event, scope or service name and of an attribute key: these become dictionary entries in the store. */
export const MAX_NAME_LENGTH = 1_024;
/** Attributes of one resource, span, event or link, eight times what the SDKs let through (128). */
export const MAX_ATTRIBUTES = 1_024;
/** Events and links of one span, likewise. */
export const MAX_EVENTS = 1_024;
/** Levels of arrays and maps inside one attribute value: with the messages around it this stays inside the reader's nesting. */
export const MAX_VALUE_DEPTH = 8;

export const TOO_DEEP = `(nested deeper than ${MAX_VALUE_DEPTH})`;

/** What was cut or refused in one request, as sentence fragments with counts, in order of first occurrence. */
export class Tally {
  private readonly counts = new Map<string, number>();
  total = 0;

  add(what: string, count = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + count);
    this.total += count;
  }

  /** @returns `2 × a; 1 × b`, at most `limit` kinds */
  describe(limit = 5): string {
    const kinds = [...this.counts].slice(0, limit).map(([what, count]) => `${count} × ${what}`);
    if (this.counts.size > limit) kinds.push(`${this.counts.size - limit} more kinds`);
    return kinds.join("; ");
  }
}

/** Of one request: nothing but spans that are none, some bytes each, would keep a worker busy for a minute. */
const MAX_REFUSED_SPANS = 1_000_000;

/** @throws HotspanError `invalid-input` when the request holds little else */
export function refuseSpan(rejected: Tally, why: string): void {
  rejected.add(why);
  if (rejected.total > MAX_REFUSED_SPANS)
    throw invalidInput(`More than ${MAX_REFUSED_SPANS} spans are refused: ${rejected.describe()}.`);
}

const LONE_SURROGATE = /\p{Surrogate}/u;
const LONE_SURROGATES = /\p{Surrogate}/gu;

/** Half a surrogate pair, which JSON can spell and UTF-8 cannot, becomes U+FFFD: the store would refuse the whole batch. */
export function repairText(text: string): string {
  return LONE_SURROGATE.test(text) ? text.replace(LONE_SURROGATES, "\ufffd") : text;
}

export function cutValue(text: string, cuts: Tally): string {
  if (text.length <= MAX_VALUE_LENGTH) return text;
  cuts.add(`value longer than ${MAX_VALUE_LENGTH} characters cut`);
  return repairText(text.slice(0, MAX_VALUE_LENGTH));
}

export function cutName(text: string, cuts: Tally): string {
  if (text.length <= MAX_NAME_LENGTH) return text;
  cuts.add(`name or key longer than ${MAX_NAME_LENGTH} characters cut`);
  return repairText(text.slice(0, MAX_NAME_LENGTH));
}
