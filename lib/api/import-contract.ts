/** What POST /api/v1/import answers: what was in the files and what became of it. */
import { z } from "zod";

const count = z.number().int().nonnegative();

export const importedFile = z.object({
  /** of the file, without folders */
  name: z.string(),
  kind: z.enum(["traces", "profile", "unknown"]),
  /** stored now: what was stored before is in `duplicates` */
  spans: count,
  rejectedSpans: count,
  samples: count,
  duplicates: count,
  /** "" when it is not a profile */
  profileId: z.string(),
  service: z.string(),
  /** the first few */
  traceIds: z.array(z.string()),
  /** what of it was not read or was cut; "" when all is well */
  message: z.string(),
  /** why nothing of it was stored; null when something was */
  error: z.string().nullable(),
});
export const importResponse = z.object({
  spans: count,
  rejectedSpans: count,
  profiles: count,
  samples: count,
  /** spans and profiles that were stored before */
  duplicates: count,
  traceIds: z.array(z.string()),
  files: z.array(importedFile),
});

export type ImportedFile = z.infer<typeof importedFile>;
export type ImportResponse = z.infer<typeof importResponse>;
