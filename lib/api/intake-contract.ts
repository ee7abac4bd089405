/** What the ingest process tells of itself: GET /health there, `intake` of GET /api/v1/health here. */
import { z } from "zod";
import { watchedFolder } from "@/lib/api/profiles-contract";

const count = z.number().int().nonnegative();

export const intakeHealth = z.object({
  /** Counts are since then. */
  startedUnixNano: z.string(),
  spans: z.object({
    accepted: count,
    /** refused one by one, their neighbours stored */
    rejected: count,
    /** requests that were not taken at all */
    failedRequests: count,
    queued: count,
  }),
  /** requests that wait to be stored, and how many may before others read 429 */
  queuedBatches: count,
  maxQueuedBatches: count,
  profiles: z.object({ accepted: count, failedRequests: count }),
  /** of all requests that were not taken, by the error code that their senders read */
  refusals: z.array(
    z.object({ code: z.string(), requests: count, lastMessage: z.string(), lastUnixNano: z.string() }),
  ),
  sampling: z.object({ isOn: z.boolean(), keptTraces: count, droppedTraces: count, droppedSpans: count }),
  bytesHeld: count,
  /** HOTSPAN_WATCH; what could not be read of them is in GET /api/v1/watch */
  watch: z.array(watchedFolder).optional(),
});

export type IntakeHealth = z.infer<typeof intakeHealth>;
