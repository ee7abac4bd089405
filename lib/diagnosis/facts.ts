/** What the store knows about how samples and spans of a service meet: counts and a few examples, no judgement. */
import type { Nanos } from "@/lib/units";

/** Some samples and a few of the traces they name. */
export interface Counted {
  readonly samples: number;
  /** At most a handful of trace ids. */
  readonly traceIds: readonly string[];
}

/** Samples of a clock (CPU, wall) whose window began in the range, captures of whole processes left out. */
export interface SampleFacts {
  readonly samples: number;
  readonly profiles: number;
  /** Profiles of which no sample names a trace or span, though the process was at work: for a hundredth of the time or more. */
  readonly unlabelledProfiles: number;
  /** Length of all windows together; 0 when unknown. */
  readonly profiledNs: Nanos;
  /** Samples that name a trace or a span. */
  readonly labelled: number;
  readonly withSpan: number;
  readonly withEndpoint: number;
  /** No trace, no span, but an endpoint or labels that other samples of the same profile do not have. */
  readonly otherLabelsOnly: number;
  /** Of those, with an endpoint: surely of a request. */
  readonly endpointOnly: number;
  /** Their keys. */
  readonly otherLabelKeys: readonly string[];
  /** Shortest time between two samples of a busy thread; 0 when unknown. */
  readonly periodNs: Nanos;
}

/** What became of the labelled samples. Each is in exactly one of these. */
export interface MeetingFacts {
  /** Their span is stored; of those that name no span, their trace. */
  readonly met: number;
  /** Of profiles that ended within the last minute: what they name may still be on its way. */
  readonly waiting: number;
  /** Their trace is stored, but not the span they name. */
  readonly spanMissing: Counted;
  /** Nothing of their trace is stored. */
  readonly traceMissing: Counted & { readonly traces: number };
  /** The id names a stored span or trace when it is read in another way. */
  readonly otherForm: Counted & { readonly form: string };
  /** Their span is stored, but the profile's window is far from its time. */
  readonly skewed: Counted & {
    /** Profile minus span; negative when the profile's clock is behind. */
    readonly offsetNs: Nanos;
  };
}

/** Of samples whose span is stored. */
export interface PlaceFacts {
  /** Under another service's name, by that name; the most first. */
  readonly foreign: readonly (Counted & { readonly service: string })[];
  /** In an entry span of the service itself. */
  readonly inEntries: Counted;
  /** In deeper spans of the service itself. */
  readonly inDeeper: number;
}

/** Spans of the service that began in the range. */
export interface SpanFacts {
  readonly spans: number;
  /** Where requests enter the service. */
  readonly entries: number;
  readonly entryNs: Nanos;
  /** Entries that overlap the window of a profile of the service. */
  readonly coveredEntries: number;
  readonly coveredNs: Nanos;
  /** Covered, but shorter than the time between two samples. */
  readonly shortEntries: number;
  /** Covered, and long enough that a busy one has several samples. */
  readonly longEntries: number;
  /** Of the long ones, those whose trace has a labelled sample in the service. */
  readonly sampledEntries: number;
  /** Internal spans below an entry and their time. */
  readonly deeperSpans: number;
  readonly deeperNs: Nanos;
  /** Whose tracestate says that only a part of the traces is kept. */
  readonly thinned: number;
  /** Traces of uncovered entries. */
  readonly uncoveredTraceIds: readonly string[];
}

/** A label that is neither a known id nor an endpoint, but whose values look like ids. */
export interface IdLabelFacts {
  readonly key: string;
  /** What its values are, as a user would say it: "decimal", "base64". */
  readonly form: string;
  readonly kind: "trace" | "span";
  readonly samples: number;
  readonly values: readonly string[];
  /** Some of its values, read that way, name stored spans. */
  readonly confirmed: boolean;
  readonly traceIds: readonly string[];
}

export interface ServiceFacts {
  readonly service: string;
  /** telemetry.sdk.language, or what the profile's files say; "" when unknown. */
  readonly language: string;
  readonly samples: SampleFacts;
  readonly meetings: MeetingFacts;
  readonly places: PlaceFacts;
  readonly spans: SpanFacts;
  readonly idLabels: readonly IdLabelFacts[];
  /** Records of types that no profiler of the language labels, by type. */
  readonly labellessTypes: readonly { readonly type: string; readonly records: number }[];
}
