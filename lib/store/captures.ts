/** Captures in the catalogue: asked for, begun, ended, and why. */
import { randomUUID } from "node:crypto";
import {
  type Capture,
  type CaptureReport,
  type CapturesResponse,
  capture,
  captureState,
  captureTrigger,
  type Target,
  usageReading,
} from "@/lib/api/targets-contract";
import { HotspanError, invalidInput } from "@/lib/errors";
import type { Catalogue } from "@/lib/store/catalogue";
import type { UnixNano } from "@/lib/units";

export interface CaptureFilter {
  readonly service?: string | undefined;
  readonly targetId?: string | undefined;
  /** Captures that overlap [from, to). */
  readonly from?: UnixNano | undefined;
  readonly to?: UnixNano | undefined;
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

type Row = NonNullable<Awaited<ReturnType<Catalogue["capture"]["findUnique"]>>>;

/** No capture is longer: what began before that and is not over yet has died. */
const LONGEST_NS = 600_000_000_000n;
/** Of one target, asked for and not begun. */
const MAX_REQUESTED = 3;

/** Writes a capture down, or over what is known of it. */
export async function writeCapture(catalogue: Catalogue, written: Capture): Promise<void> {
  const { id, ...data } = toRow(written);
  await catalogue.capture.upsert({ where: { id }, create: { id, ...data }, update: data });
}

/** @throws HotspanError `overloaded` when the target has enough of them waiting */
export async function requestCapture(
  catalogue: Catalogue,
  target: Target,
  seconds: number,
  now: UnixNano,
): Promise<Capture> {
  const waiting = await catalogue.capture.count({ where: { targetId: target.id, state: "requested" } });
  if (waiting >= MAX_REQUESTED) {
    const reason = target.state === null ? "Is the collector running?" : "Wait until they are taken.";
    throw new HotspanError("overloaded", `${waiting} captures of this target are waiting already. ${reason}`);
  }
  const requested: Capture = {
    id: randomUUID(),
    targetId: target.id,
    service: target.service,
    instance: "",
    trigger: "manual",
    reason: "Asked for by hand.",
    reading: null,
    seconds,
    state: "requested",
    message: "",
    startUnixNano: String(now),
    endUnixNano: null,
    profiles: [],
  };
  await writeCapture(catalogue, requested);
  return requested;
}

/** What a collector elsewhere has taken. The same id again changes nothing. */
export async function insertCaptureReport(catalogue: Catalogue, report: CaptureReport): Promise<Capture> {
  const known = await catalogue.capture.findUnique({ where: { id: report.id } });
  if (known !== null) return fromRow(known);
  const written: Capture = { ...report, targetId: null };
  await writeCapture(catalogue, written);
  return written;
}

/** Newest first. @throws HotspanError `invalid-input` for a cursor of another list */
export async function findCaptures(catalogue: Catalogue, filter: CaptureFilter): Promise<CapturesResponse> {
  const { cursor, from, limit, service, targetId, to } = filter;
  const after = cursor === undefined ? undefined : parseCursor(cursor);
  const rows = await catalogue.capture.findMany({
    where: {
      ...(service === undefined ? {} : { service }),
      ...(targetId === undefined ? {} : { targetId }),
      AND: [
        ...(to === undefined ? [] : [{ startUnixNano: { lt: padded(to) } }]),
        ...(from === undefined ? [] : [{ startUnixNano: { gt: padded(from - LONGEST_NS) } }]),
        ...(from === undefined
          ? []
          : [{ OR: [{ endUnixNano: "" }, { endUnixNano: { gte: padded(from) } }] }]),
        ...(after === undefined
          ? []
          : [
              {
                OR: [
                  { startUnixNano: { lt: after.start } },
                  { startUnixNano: after.start, id: { lt: after.id } },
                ],
              },
            ]),
      ],
    },
    orderBy: [{ startUnixNano: "desc" }, { id: "desc" }],
    take: limit + 1,
  });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const isMore = rows.length > limit && last !== undefined;
  return { captures: page.map(fromRow), nextCursor: isMore ? `${last.startUnixNano}.${last.id}` : null };
}

/** @throws HotspanError `not-found` */
export async function findCapture(catalogue: Catalogue, id: string): Promise<Capture> {
  const row = await catalogue.capture.findUnique({ where: { id } });
  if (row === null) throw new HotspanError("not-found", "There is no capture with this id.");
  return fromRow(row);
}

/** Asked for and not begun, oldest first. */
export async function findRequestedCaptures(catalogue: Catalogue): Promise<Capture[]> {
  const rows = await catalogue.capture.findMany({
    where: { state: "requested" },
    orderBy: { startUnixNano: "asc" },
    take: 100,
  });
  return rows.map(fromRow);
}

/** @returns the begin of each target's last triggered capture, in Unix milliseconds, by target id */
export async function findLastTriggered(catalogue: Catalogue): Promise<Map<string, number>> {
  const rows = await catalogue.capture.groupBy({
    by: ["targetId"],
    where: { trigger: { not: "manual" }, targetId: { not: null } },
    _max: { startUnixNano: true },
  });
  return new Map(
    rows.map(({ _max, targetId }) => [
      targetId ?? "",
      Number(BigInt(_max.startUnixNano ?? "0") / 1_000_000n),
    ]),
  );
}

/** Those that a process left running when it died. */
export async function interruptCaptures(catalogue: Catalogue): Promise<void> {
  await catalogue.capture.updateMany({
    where: { state: "running" },
    data: { state: "interrupted", message: "The collector was stopped while it was taken." },
  });
}

function parseCursor(text: string): { start: string; id: string } {
  const match = /^(\d{19})\.([0-9a-f-]{8,64})$/.exec(text);
  if (match === null) throw invalidInput('Parameter "cursor" is not one of this list.');
  return { start: match[1] ?? "", id: match[2] ?? "" };
}

function toRow({ endUnixNano, profiles, reading, startUnixNano, ...columns }: Capture): Row {
  return {
    ...columns,
    startUnixNano: padded(BigInt(startUnixNano)),
    endUnixNano: endUnixNano === null ? "" : padded(BigInt(endUnixNano)),
    reading: reading === null ? "" : JSON.stringify(reading),
    profiles: JSON.stringify(profiles),
  };
}

function fromRow(row: Row): Capture {
  return {
    ...row,
    trigger: captureTrigger.parse(row.trigger),
    state: captureState.parse(row.state),
    endUnixNano: row.endUnixNano === "" ? null : row.endUnixNano,
    reading: row.reading === "" ? null : usageReading.parse(JSON.parse(row.reading)),
    profiles: capture.shape.profiles.catch([]).parse(JSON.parse(row.profiles)),
  };
}

/** 19 digits, so that text sorts as time does. */
function padded(instant: bigint): string {
  return String(instant > 0n ? instant : 0n).padStart(19, "0");
}
