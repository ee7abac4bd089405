/** What the ingest process says of the folders that it watches, and the files that it could not read. */
import { z } from "zod";
import { type WatchResponse, watchResponse } from "@/lib/api/profiles-contract";
import { readConfig } from "@/lib/config";
import { HotspanError } from "@/lib/errors";
import { catalogue } from "@/lib/store/catalogue";
import { findRefusedFiles } from "@/lib/store/watched-files";

const SECONDS = 3;
const MAX_REFUSED = 100;

const health = z.object({ watch: watchResponse.shape.folders });

/** @throws HotspanError `unavailable` while the ingest process is away */
export async function findWatch(signal: AbortSignal): Promise<WatchResponse> {
  const { files } = await findRefusedFiles(await catalogue(), MAX_REFUSED);
  const refused = files.map(({ path, reason, seenAt }) => ({
    path,
    reason,
    seenUnixNano: String(BigInt(seenAt.getTime()) * 1_000_000n),
  }));
  return { folders: await askFolders(signal), refused };
}

async function askFolders(signal: AbortSignal): Promise<WatchResponse["folders"]> {
  const { ingestUrl } = readConfig();
  try {
    const answer = await fetch(new URL("/health", ingestUrl), {
      signal: AbortSignal.any([signal, AbortSignal.timeout(SECONDS * 1_000)]),
      cache: "no-store",
    });
    return health.parse(await answer.json()).watch;
  } catch (cause) {
    const message = "The ingest process does not answer: it is starting or being restarted.";
    throw new HotspanError("unavailable", message, { cause, retryAfterSeconds: 1 });
  }
}
