/** The sink of a collector of its own: decoded here only where two scrapes are to be subtracted, stored elsewhere. */
import type { ProfileSink, Scrape, StoredProfile } from "@/lib/collector/parts";
import type { PushQueue } from "@/lib/collector/push-queue";
import { toUpload } from "@/lib/ingest/collect-here";
import { decodeProfileUpload } from "@/lib/ingest/profile-upload";
import { decodeDifference } from "@/lib/ingest/scrape-difference";
import { encodePprof } from "@/lib/profile/encode-pprof";
import { toPprofSource } from "@/lib/profile/profile-source";

/** @param maxBytes limit of a profile after inflation */
export function createPushSink(queue: Pick<PushQueue, "push">, maxBytes: number): ProfileSink {
  return {
    store: async (scrape): Promise<StoredProfile> => {
      // Its sums are what CPU use is estimated from, and what is no profile is the target's fault, not the receiver's.
      const { record } = decodeProfileUpload(toUpload(scrape, maxBytes));
      const totals = new Map(record.sampleTypes.map(({ total, type }) => [type, total]));
      return { profileId: queue.push({ bytes: scrape.bytes, query: queryOf(scrape) }), totals };
    },
    storeDifference: async (previous, current) => {
      const { profile } = decodeDifference(previous.bytes, toUpload(current, maxBytes));
      if (profile.samples.length === 0) return { profileId: "", totals: new Map() };
      const query = queryOf(current);
      query.set("start", String(profile.startUnixNano));
      query.set("duration", String(profile.durationNs));
      query.set("temporality", "delta");
      const bytes = encodePprof(toPprofSource(profile));
      return { profileId: queue.push({ bytes, query }), totals: new Map() };
    },
  };
}

function queryOf({ instance, kind, labels, service }: Scrape): URLSearchParams {
  const query = new URLSearchParams({ service, instance, kind, "label.instance": instance });
  for (const [key, value] of labels) query.set(`label.${key}`, value);
  return query;
}
