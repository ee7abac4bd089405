/** Received profiles as a list, and the files of watched folders. */
import { z } from "zod";

const unixNano = z.string().regex(/^\d{1,19}$/);
const count = z.number().int().nonnegative();

export const receivedProfile = z.object({
  profileId: z.string(),
  service: z.string(),
  sampleTypes: z.array(z.object({ type: z.string(), unit: z.string(), total: z.number() })),
  samples: count,
  /** samples that say to which trace or span they belong */
  labelled: count,
  /** of the window in which its samples were taken */
  startUnixNano: unixNano,
  durationNs: z.number().nonnegative(),
  receivedUnixNano: unixNano,
  /** "sample" for the recorded demo shop */
  source: z.string(),
  /** `file:NAME` imported, `watch:PATH` from a watched folder, "" pushed */
  origin: z.string(),
});
/** GET /api/v1/profiles with `Accept: application/json` or `format=json` */
export const profilesResponse = z.object({
  profiles: z.array(receivedProfile),
  total: count,
  nextCursor: z.string().nullable(),
});

export const watchedFolder = z.object({
  path: z.string(),
  state: z.enum(["watching", "missing", "denied"]),
  /** what is to be known about the folder; "" when all is well */
  message: z.string(),
  files: count,
  taken: count,
  refused: count,
  /** still being written, as far as one can tell */
  waiting: count,
});

/** GET /api/v1/watch */
export const watchResponse = z.object({
  folders: z.array(watchedFolder),
  /** the latest files that could not be read, whatever folder */
  refused: z.array(z.object({ path: z.string(), reason: z.string(), seenUnixNano: unixNano })),
});

export type ReceivedProfile = z.infer<typeof receivedProfile>;
export type ProfilesResponse = z.infer<typeof profilesResponse>;
export type WatchResponse = z.infer<typeof watchResponse>;
