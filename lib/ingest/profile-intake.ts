import type { DecodePool } from "@/lib/ingest/decode-pool";
import { decodeProfileUpload, type ProfileUpload } from "@/lib/ingest/profile-upload";
import type { ProfileRecord, ProfileRows } from "@/lib/store/profile-row";

/** Below this the way to a worker and back costs more than decoding here. */
const INLINE_BYTES = 32_768;

export interface ProfileReceipt {
  readonly profileId: string;
  readonly service: string;
  readonly sampleTypes: readonly { readonly type: string; readonly unit: string; readonly total: number }[];
  readonly samples: number;
  /** Samples that say to which trace or span they belong. */
  readonly labelled: number;
  /** The same bytes were stored before; nothing was stored now. */
  readonly duplicate: boolean;
  /** Only when the bytes were stored before under another service's name, which they keep. */
  readonly message?: string;
}

export interface ProfileIntake {
  /**
   * One pprof, stored before this returns.
   * @throws HotspanError `invalid-input` naming what is wrong with the profile, `too-large`, `unavailable` when the store
   *   or the catalogue did not take it: then sending it again is right
   */
  accept(upload: ProfileUpload): Promise<ProfileReceipt>;
  /** The same for a profile that was decoded already. */
  acceptRows(rows: ProfileRows): Promise<ProfileReceipt>;
  readonly counts: { accepted: number; failedRequests: number };
}

/** Stores a profile once; see lib/store/insert-profile.ts. */
export type InsertProfile = (
  rows: ProfileRows,
) => Promise<{ readonly record: ProfileRecord; readonly duplicate: boolean }>;

/** Profiles from bytes to the store, whichever client sent them. */
export function createProfileIntake(pool: DecodePool, insert: InsertProfile): ProfileIntake {
  const counts = { accepted: 0, failedRequests: 0 };

  async function decode(upload: ProfileUpload): Promise<ProfileRows> {
    if (upload.bytes.length <= INLINE_BYTES) return decodeProfileUpload(upload);
    const result = await pool.run({ kind: "profile", upload });
    if (result.kind !== "profile") throw new Error(`A decode worker answered ${result.kind} to a profile.`);
    return result.rows;
  }

  async function store(rows: ProfileRows): Promise<ProfileReceipt> {
    const asked = rows.record.service;
    const { duplicate, record } = await insert(rows);
    const { labelled, profileId, sampleTypes, samples, service } = record;
    const receipt = { profileId, service, sampleTypes, samples, labelled, duplicate };
    if (service === asked) return receipt;
    const message = `The same bytes are stored already, as a profile of service "${service}": nothing was stored for "${asked}".`;
    return { ...receipt, message };
  }

  async function counted(work: () => Promise<ProfileReceipt>): Promise<ProfileReceipt> {
    try {
      const receipt = await work();
      counts.accepted++;
      return receipt;
    } catch (error) {
      counts.failedRequests++;
      throw error;
    }
  }

  return {
    counts,
    accept: (upload) => counted(async () => store(await decode(upload))),
    acceptRows: (rows) => counted(() => store(rows)),
  };
}
