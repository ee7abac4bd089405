/** What the catalogue tells of telemetry goes when the telemetry is gone, or the list would grow for ever. */
import { pause } from "@/lib/pause";
import type { Catalogue } from "@/lib/store/catalogue";

const DAY_MS = 86_400_000;
const EVERY_MS = 3_600_000;
/** Captures beyond so many are nobody's to look at: at one each ten minutes, those of four months of one process. */
const MAX_CAPTURES = 20_000;
/** Deleted at once, so that writers wait for milliseconds. */
const CHUNK = 2_000;

export interface PruneOptions {
  readonly catalogue: Catalogue;
  /** HOTSPAN_RETENTION_DAYS; undefined keeps all profiles, and captures up to their number. */
  readonly retentionDays: number | undefined;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** Prunes each hour until the signal; what fails is said, and tried again in the next one. */
export async function runPruning({ catalogue, log, retentionDays, signal }: PruneOptions): Promise<void> {
  while (!signal.aborted) {
    await pruneCatalogue(catalogue, retentionDays, Date.now()).catch((error: unknown) =>
      log(`The catalogue is not pruned: ${error instanceof Error ? error.message : String(error)}`),
    );
    await pause(EVERY_MS, signal);
  }
}

/**
 * A profile is forgotten when its samples are: a day later than their time to be kept, for the store drops whole days. One of
 * long ago that was brought lately is still known, so that bringing it again at once stores nothing.
 * @param nowMs Unix milliseconds
 */
export async function pruneCatalogue(
  catalogue: Catalogue,
  retentionDays: number | undefined,
  nowMs: number,
  mostCaptures = MAX_CAPTURES,
): Promise<void> {
  if (retentionDays !== undefined) {
    const beforeMs = nowMs - (retentionDays + 1) * DAY_MS;
    const startUnixNano = { lt: `${beforeMs}000000`.padStart(19, "0") };
    const receivedAt = { lt: new Date(beforeMs) };
    await inChunks((limit) =>
      catalogue.profile.deleteMany({ where: { startUnixNano, receivedAt, state: "stored" }, limit }),
    );
    await inChunks((limit) => catalogue.capture.deleteMany({ where: { startUnixNano }, limit }));
  }
  const oldest = await catalogue.capture.findFirst({
    orderBy: [{ startUnixNano: "desc" }, { id: "desc" }],
    skip: mostCaptures - 1,
    select: { id: true, startUnixNano: true },
  });
  if (oldest === null) return;
  const { id, startUnixNano } = oldest;
  const older = { OR: [{ startUnixNano: { lt: startUnixNano } }, { startUnixNano, id: { lt: id } }] };
  await inChunks((limit) => catalogue.capture.deleteMany({ where: older, limit }));
}

async function inChunks(remove: (limit: number) => Promise<{ count: number }>): Promise<void> {
  for (;;) {
    const { count } = await remove(CHUNK);
    if (count < CHUNK) return;
  }
}
