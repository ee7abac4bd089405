import { setTimeout } from "node:timers/promises";
import type { HealthResponse } from "@/lib/api/contract";
import { type IntakeHealth, intakeHealth } from "@/lib/api/intake-contract";
import { readConfig } from "@/lib/config";
import { HotspanError } from "@/lib/errors";
import { catalogue } from "@/lib/store/catalogue";
import { queryRows } from "@/lib/store/clickhouse";
import { VERSION } from "@/lib/version";

const SECONDS = 2;

type Part = { ok: boolean; message: string };

/** Asks each part for a sign of life, all at once, for at most two seconds. Never throws: what fails is the answer. */
export async function checkHealth(): Promise<HealthResponse> {
  const { storeKind, ingestUrl } = readConfig();
  let intake: IntakeHealth | null = null;
  const [store, catalogueState, receivers] = await Promise.all([
    signOfLife("The store answers.", () =>
      queryRows("SELECT 1 FROM traces LIMIT 1", {}, { seconds: SECONDS }),
    ),
    signOfLife("The catalogue answers.", async () => (await catalogue()).setting.count()),
    signOfLife("Receiving traces and profiles.", async () => {
      intake = await askReceivers(ingestUrl);
    }),
  ]);
  const ok = store.ok && catalogueState.ok && receivers.ok;
  return {
    status: ok ? "ok" : "degraded",
    store: { ...store, kind: storeKind },
    catalogue: catalogueState,
    receivers,
    intake: receivers.ok ? intake : null,
    version: VERSION,
  };
}

async function askReceivers(ingestUrl: string): Promise<IntakeHealth> {
  const response = await fetch(new URL("/health", ingestUrl), {
    signal: AbortSignal.timeout(SECONDS * 1_000),
  }).catch((cause: unknown) => {
    throw new HotspanError(
      "unavailable",
      "The ingest process does not answer: it is starting or being restarted.",
      { cause },
    );
  });
  if (!response.ok)
    throw new HotspanError("unavailable", `The ingest process answers with status ${response.status}.`);
  const told = intakeHealth.safeParse(await response.json());
  if (told.success) return told.data;
  throw new HotspanError("unavailable", "The ingest process is of another version than this dashboard.");
}

async function signOfLife(wellMessage: string, ask: () => Promise<unknown>): Promise<Part> {
  const answered = new AbortController();
  const late = setTimeout(SECONDS * 1_000, undefined, { signal: answered.signal }).then(() => {
    throw new HotspanError("unavailable", `No answer within ${SECONDS} seconds.`);
  });
  try {
    await Promise.race([ask(), late]);
    return { ok: true, message: wellMessage };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  } finally {
    answered.abort();
  }
}
