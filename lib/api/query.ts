/** Query strings as typed questions. Whatever is not understood is a 400 that names the parameter: a filter that is silently ignored gives wrong numbers. */
import { z } from "zod";
import { traceSort } from "@/lib/api/contract";
import { parseDuration, parseInstant } from "@/lib/api/instant";
import type { SampleSelector } from "@/lib/correlation/selector";
import { invalidInput } from "@/lib/errors";
import { parseSpanId, parseTraceId, type TraceId } from "@/lib/ids";
import type { Nanos, UnixNano } from "@/lib/units";

export interface TimeRange {
  readonly from?: UnixNano;
  /** Exclusive. */
  readonly to?: UnixNano;
}

/** Which traces; shared by the list and the heat map above it. */
export interface TraceFilter extends TimeRange {
  /** A service the trace touches; with `endpoints`, the one that it enters there. */
  readonly service?: string;
  readonly endpoints: readonly string[];
  readonly minDurationNs?: Nanos;
  readonly maxDurationNs?: Nanos;
  readonly onlyErrors: boolean;
  readonly hasProfile?: boolean;
  /** Text in span names and attribute values, or `key=value` exactly. */
  readonly text?: string;
}

export interface TraceListQuery extends TraceFilter {
  readonly sort: z.infer<typeof traceSort>;
  readonly descending: boolean;
  readonly limit: number;
  readonly cursor?: string;
}

export interface EndpointsQuery extends TimeRange {
  readonly service?: string;
  readonly type: string;
}

export interface DoctorQuery extends TimeRange {
  readonly service?: string;
  /** The services of this trace, around its time unless the range says otherwise. */
  readonly traceId?: TraceId;
}

type Shape = Readonly<Record<string, z.ZodType>>;

const text = z.string().min(1, "must not be empty").max(1_000, "is longer than 1,000 characters");
const texts = z.array(text).max(200, "is given more than 200 times").default([]);
const flag = z
  .enum(["", "true", "1", "false", "0"], "is true or false")
  .transform((value) => value !== "false" && value !== "0");

function parsed<T>(parse: (value: string) => T | undefined, expected: string) {
  return z.string().transform((value, context): T => {
    const result = parse(value);
    if (result !== undefined) return result;
    context.addIssue({ code: "custom", message: `should be ${expected}, not "${value.slice(0, 60)}"` });
    return z.NEVER;
  });
}

const duration = parsed(parseDuration, "a duration such as 250ms or 1.5s");
const instants = () => {
  const now = Date.now();
  const instant = parsed((value) => parseInstant(value, now), "Unix nanoseconds, RFC 3339 or now-1h");
  return { from: instant.optional(), to: instant.optional() };
};

const filterShape = () => ({
  ...instants(),
  service: text.optional(),
  endpoint: texts,
  min_duration: duration.optional(),
  max_duration: duration.optional(),
  status: z.enum(["error"], 'is "error" or absent').optional(),
  has_profile: flag.optional(),
  q: text.optional(),
});

const listLimit = z.coerce
  .number("is a number")
  .int("is a whole number")
  .min(1, "is at least 1")
  .max(1_000, "is at most 1000")
  .default(100);

/** @throws HotspanError `invalid-input` naming the parameter, as all of this file */
export function parseTraceListQuery(search: URLSearchParams): TraceListQuery {
  const sorts = traceSort.options.join(", ");
  const fields = readParameters(search, {
    ...filterShape(),
    sort: parsed(parseSort, `one of ${sorts}, with - before it for descending`).default({
      sort: "start",
      descending: true,
    }),
    limit: listLimit,
    cursor: text.optional(),
  });
  return { ...toFilter(fields), ...fields.sort, limit: fields.limit, ...defined({ cursor: fields.cursor }) };
}

export interface ProfileListQuery extends TimeRange {
  readonly service?: string;
  readonly limit: number;
  readonly cursor?: string;
}

export function parseProfileListQuery(search: URLSearchParams): ProfileListQuery {
  const { cursor, from, limit, service, to } = readParameters(search, {
    ...instants(),
    service: text.optional(),
    limit: listLimit,
    cursor: text.optional(),
  });
  return { ...checkedRange(from, to), limit, ...defined({ service, cursor }) };
}

export function parseTraceFilter(search: URLSearchParams): TraceFilter {
  return toFilter(readParameters(search, filterShape()));
}

export function parseEndpointsQuery(search: URLSearchParams): EndpointsQuery {
  const { from, to, service, type } = readParameters(search, {
    ...instants(),
    service: text.optional(),
    type: text.default("cpu"),
  });
  return { type, ...checkedRange(from, to), ...defined({ service }) };
}

export function parseDoctorQuery(search: URLSearchParams): DoctorQuery {
  const { from, to, service, trace_id } = readParameters(search, {
    ...instants(),
    service: text.optional(),
    trace_id: parsed(parseTraceId, "32 hexadecimal digits").optional(),
  });
  return { ...checkedRange(from, to), ...defined({ service, traceId: trace_id }) };
}

export function parseTimeRange(search: URLSearchParams): TimeRange {
  const { from, to } = readParameters(search, instants());
  return checkedRange(from, to);
}

/** @throws HotspanError `invalid-input` when the text cannot be the id of any trace */
export function parseTraceIdOfPath(id: string): TraceId {
  const traceId = parseTraceId(id);
  if (traceId === undefined) throw invalidInput("A trace id has 32 hexadecimal digits, not all zero.");
  return traceId;
}

/** Of the path or the query. @returns undefined for what is no id of a profile */
export function parseProfileId(id: string): string | undefined {
  return /^[0-9a-f]{16}$/i.test(id) ? id.toLowerCase() : undefined;
}

const selectorShape = () => ({
  ...instants(),
  type: text.default("cpu"),
  service: text.optional(),
  profile: parsed(parseProfileId, "16 hexadecimal digits").optional(),
  trace_id: parsed(parseTraceId, "32 hexadecimal digits").optional(),
  span_id: parsed(parseSpanId, "16 hexadecimal digits").optional(),
  scope: z.enum(["span", "subtree"], 'is "span" or "subtree"').default("span"),
  endpoint: texts,
});

/**
 * Takes a sample selector out of a query string.
 * @param prefix "a." or "b." for the sides of a diff
 * @returns the selector, and what is left for the route's own parameters (readParameters)
 */
export function parseSelector(
  search: URLSearchParams,
  prefix = "",
): { selector: SampleSelector; rest: URLSearchParams } {
  const shape = selectorShape();
  const labels = new Map<string, string>();
  const own = new URLSearchParams();
  const rest = new URLSearchParams();
  for (const [name, value] of search) {
    const key = name.startsWith(prefix) ? name.slice(prefix.length) : "";
    if (key.startsWith("label.") && key.length > "label.".length)
      labels.set(key.slice("label.".length), value);
    else if (Object.hasOwn(shape, key)) own.append(key, value);
    else rest.append(name, value);
  }
  const fields = readParameters(own, shape, prefix);
  if (fields.span_id !== undefined && fields.trace_id === undefined) {
    throw invalidInput(
      `Parameter "${prefix}span_id" needs "${prefix}trace_id": span ids are unique within a trace only.`,
    );
  }
  return {
    selector: {
      type: fields.type,
      scope: fields.scope,
      endpoints: fields.endpoint,
      labels,
      ...checkedRange(fields.from, fields.to),
      ...defined({
        service: fields.service,
        profileId: fields.profile,
        traceId: fields.trace_id,
        spanId: fields.span_id,
      }),
    },
    rest,
  };
}

const REPEATABLE: ReadonlySet<string> = new Set(["endpoint"]);

/**
 * Reads parameters by a Zod shape: each is given as text, `endpoint` as the list of its values.
 * @param prefix of the names, for messages only
 */
export function readParameters<S extends Shape>(
  search: URLSearchParams,
  shape: S,
  prefix = "",
): z.output<z.ZodObject<S>> {
  const input = new Map<string, string | string[]>();
  for (const name of new Set(search.keys())) {
    if (!Object.hasOwn(shape, name)) {
      throw invalidInput(
        `Unknown parameter "${name.slice(0, 60)}". Known here: ${Object.keys(shape).join(", ")}.`,
      );
    }
    const values = search.getAll(name);
    if (!REPEATABLE.has(name) && values.length > 1)
      throw invalidInput(`Parameter "${prefix}${name}" is given more than once.`);
    input.set(name, REPEATABLE.has(name) ? values : (values[0] ?? ""));
  }
  const result = z.object(shape).safeParse(Object.fromEntries(input));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw invalidInput(
    `Parameter "${prefix}${String(issue?.path[0] ?? "")}" ${issue?.message ?? "is not usable"}.`,
  );
}

function toFilter(fields: z.output<z.ZodObject<ReturnType<typeof filterShape>>>): TraceFilter {
  return {
    endpoints: fields.endpoint,
    onlyErrors: fields.status === "error",
    ...checkedRange(fields.from, fields.to),
    ...defined({
      service: fields.service,
      minDurationNs: fields.min_duration,
      maxDurationNs: fields.max_duration,
      hasProfile: fields.has_profile,
      text: fields.q,
    }),
  };
}

function parseSort(value: string): { sort: z.infer<typeof traceSort>; descending: boolean } | undefined {
  const descending = value.startsWith("-");
  const sort = traceSort.safeParse(descending ? value.slice(1) : value);
  return sort.success ? { sort: sort.data, descending } : undefined;
}

function checkedRange(from: UnixNano | undefined, to: UnixNano | undefined): TimeRange {
  if (from !== undefined && to !== undefined && from >= to)
    throw invalidInput('Parameter "from" must be before "to".');
  return defined({ from, to });
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends Readonly<Record<string, unknown>>>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
