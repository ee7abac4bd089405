import { HotspanError } from "@/lib/errors";
import { pause } from "@/lib/pause";

/** How long what was received waits for a store that restarts before its sender is told to retry: some never do. */
const PATIENCE_MS = 4_000;

/** Runs `work` again while the store is away. It must be safe to repeat, as inserting spans once is. */
export async function withPatience<T>(work: () => Promise<T>, stopping: AbortSignal): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let pauseMs = 100; ; pauseMs *= 2) {
    try {
      return await work();
    } catch (error) {
      const isAway = error instanceof HotspanError && error.code === "unavailable";
      if (!isAway || stopping.aborted || performance.now() + pauseMs > deadline) {
        console.error(
          "What was received was not stored:",
          error instanceof Error ? (error.cause ?? error) : error,
        );
        throw error;
      }
    }
    await pause(pauseMs, stopping);
  }
}
