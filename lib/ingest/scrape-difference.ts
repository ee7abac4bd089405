/** What happened between two scrapes of one process, to rows: pure, as profile-upload.ts is. */
import { createHash } from "node:crypto";
import { invalidInput } from "@/lib/errors";
import { decodePprof } from "@/lib/ingest/pprof";
import type { ProfileUpload } from "@/lib/ingest/profile-upload";
import { diffCumulative } from "@/lib/profile/diff-cumulative";
import type { Language } from "@/lib/profile/language";
import type { Profile } from "@/lib/profile/profile";
import { encodeProfileRows, type ProfileRows } from "@/lib/store/profile-row";
import { unixNano } from "@/lib/units";

export interface ScrapeDifference {
  readonly profile: Profile;
  readonly language: Language;
  /** Of both scrapes: the same two again are the same profile. */
  readonly sha256: string;
}

/**
 * @param previous of the same process and kind; the very bytes of `current` leave the states alone
 * @throws HotspanError `invalid-input` naming what is wrong with the later one, `too-large`
 */
export function decodeDifference(previous: Uint8Array, current: ProfileUpload): ScrapeDifference {
  const later = decodeScrape(current.bytes, current);
  const earlier = decodeScrape(previous, current);
  const { profile } = diffCumulative(earlier.profile, later.profile);
  if (profile.sampleTypes.length === 0) throw invalidInput("The profile has no sample types.");
  const sha256 = createHash("sha256").update(previous).update(current.bytes).digest("hex");
  return { profile: afterScrape(earlier.profile, later.profile, profile), language: later.language, sha256 };
}

/**
 * (previous, current]: a nanosecond after the earlier scrape, whose own state, stored at its moment, is then not as late as
 * the state of this one.
 */
function afterScrape(earlier: Profile, later: Profile, difference: Profile): Profile {
  const lengthNs = later.startUnixNano - earlier.startUnixNano;
  if (lengthNs <= 0n) return { ...difference, startUnixNano: later.startUnixNano, durationNs: 0 };
  return {
    ...difference,
    startUnixNano: unixNano(earlier.startUnixNano + 1n),
    durationNs: Number(lengthNs - 1n),
  };
}

export function decodeDifferenceRows(previous: Uint8Array, current: ProfileUpload): ProfileRows {
  const { language, profile, sha256 } = decodeDifference(previous, current);
  const received = new Date(Number(current.receivedUnixNano / 1_000_000n)).toISOString().slice(0, 10);
  const identity = { sha256, source: current.source, origin: current.origin ?? "", language };
  return encodeProfileRows(profile, identity, received);
}

function decodeScrape(
  bytes: Uint8Array,
  { instance, labels, lockKind, maxBytes, receivedUnixNano, service }: ProfileUpload,
) {
  return decodePprof(bytes, {
    service,
    receivedUnixNano,
    labels,
    limits: { maxBytes },
    temporality: "cumulative",
    ...(instance === undefined ? {} : { instance }),
    ...(lockKind === undefined ? {} : { lockKind }),
  });
}
