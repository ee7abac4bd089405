/**
 * What samples' labels say, for formats whose labels are plain pairs of text: which trace, span and endpoint, and what is
 * left over. (pprof's own labels are columns of its string table: pprof-labels.ts.)
 */
import {
  bareLabelKey,
  type IdEncoding,
  meaningOfLabel,
  parseSpanLabel,
  parseTraceLabel,
} from "@/lib/ingest/span-labels";
import { type LabelSet, TIE } from "@/lib/profile/profile";

const NO_ENDPOINT = 1_000;

/** Numbers are indexes into LabelTable's `texts` and `labelSets`; `tie` is one of TIE. */
export interface SampleTie {
  readonly traceId: number;
  readonly spanId: number;
  readonly rootSpanId: number;
  readonly endpoint: number;
  readonly tie: number;
  readonly labelSet: number;
}

/** A span that a sample is linked with beside its labels; ids in hex, "" for none. */
export interface SampleLink {
  readonly traceId: string;
  readonly spanId: string;
}

/** Each distinct text and each distinct set of labels is kept once. */
export class LabelTable {
  readonly texts: string[] = [""];
  readonly labelSets: LabelSet[] = [[]];
  private readonly textIndexes = new Map([["", 0]]);
  private readonly setIndexes = new Map([["[]", 0]]);

  /** @param processLabels of all samples; a sample's own labels win */
  constructor(private readonly processLabels: ReadonlyMap<string, string>) {}

  /** @param link wins over labels that name a span */
  read(labels: Iterable<readonly [key: string, value: string]>, link?: SampleLink): SampleTie {
    let traceId = link === undefined ? "" : (parseTraceLabel(link.traceId) ?? "");
    let spanId = link === undefined ? "" : (parseSpanLabel(link.spanId, "hex") ?? "");
    let rootSpanId = "";
    let endpoint = "";
    let endpointKey = "";
    let rank = NO_ENDPOINT;
    const left = new Map(this.processLabels);
    for (const [key, value] of labels) {
      if (value === "") continue;
      const meaning = meaningOfLabel(key);
      const bare = bareLabelKey(key);
      if (meaning.kind === "endpoint" && meaning.rank < rank) {
        if (rank !== NO_ENDPOINT) left.set(endpointKey, endpoint);
        [endpoint, endpointKey, rank] = [value, bare, meaning.rank];
        continue;
      }
      const id = meaning.kind === "trace" ? parseTraceLabel(value) : undefined;
      const span =
        meaning.kind === "span" || meaning.kind === "root-span"
          ? parseSpanText(value, meaning.encoding)
          : undefined;
      if (id !== undefined) traceId ||= id;
      else if (span === undefined) left.set(bare, value);
      else if (meaning.kind === "root-span") rootSpanId = span;
      else {
        spanId ||= span;
        if (meaning.kind === "span" && meaning.isRoot) rootSpanId ||= span;
      }
    }
    return {
      traceId: this.intern(traceId),
      spanId: this.intern(spanId),
      rootSpanId: this.intern(rootSpanId),
      endpoint: this.intern(endpoint),
      tie: spanId !== "" ? TIE.span : traceId !== "" ? TIE.trace : TIE.none,
      labelSet: this.setOf(left),
    };
  }

  private intern(text: string): number {
    let index = this.textIndexes.get(text);
    if (index === undefined) {
      index = this.texts.push(text) - 1;
      this.textIndexes.set(text, index);
    }
    return index;
  }

  private setOf(labels: ReadonlyMap<string, string>): number {
    const set = [...labels].sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
    const key = JSON.stringify(set);
    let index = this.setIndexes.get(key);
    if (index === undefined) {
      index = this.labelSets.push(set) - 1;
      this.setIndexes.set(key, index);
    }
    return index;
  }
}

/** A decimal id may have been a uint64 in an int64's clothes, as dd-trace's are. */
function parseSpanText(text: string, encoding: IdEncoding): string | undefined {
  const isNegative = encoding === "decimal" && /^-\d{1,19}$/.test(text);
  return parseSpanLabel(isNegative ? String(BigInt.asUintN(64, BigInt(text))) : text, encoding);
}
