/** Real stacks for a made-up store: two recorded CPU profiles of a Go service with eight endpoints. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodePprof } from "@/lib/ingest/pprof";
import { identifyFunction } from "@/lib/profile/function-identity";
import { Hash64 } from "@/lib/profile/hash64";
import type { Profile } from "@/lib/profile/profile";
import { unixNano } from "@/lib/units";

/** Of one profile; `endpoints` in an order that all profiles share. */
export interface RecordedProfile {
  readonly profile: Profile;
  /** Per labelled sample: index into `endpointNames`, and the stack's index. */
  readonly samples: readonly { readonly endpoint: number; readonly stack: number }[];
}

export interface RecordedStacks {
  /** `report` of `GET /report`. */
  readonly endpointNames: readonly string[];
  readonly profiles: readonly RecordedProfile[];
}

const RECORDED = ["go-cpu-60s", "go-cpu-10s"];

/** @param root the repository */
export function readRecordedStacks(root: string): RecordedStacks {
  const endpointNames: string[] = [];
  const profiles = RECORDED.map((name) => {
    const bytes = readFileSync(join(root, `lib/ingest/records/profiles/${name}.pb.gz`));
    const { profile } = decodePprof(bytes, { service: "recorded", receivedUnixNano: unixNano(0n) });
    const samples = [];
    for (let sample = 0; sample < profile.samples.length; sample++) {
      const route = profile.texts[profile.samples.endpoints[sample] ?? 0] ?? "";
      if (route === "") continue;
      const own = route.replace("GET /", "");
      if (!endpointNames.includes(own)) endpointNames.push(own);
      samples.push({ endpoint: endpointNames.indexOf(own), stack: profile.samples.stacks[sample] ?? 0 });
    }
    return { profile, samples };
  });
  return { endpointNames, profiles };
}

/** Between the ids of one stack in two services: the odd number nearest to 2^64 / phi. */
export const STACK_ID_STEP = 11_400_714_819_323_198_485n;

/** The same code in another service: what is the application's own gets a package of that service's name. */
export function moveToService(profile: Profile, service: string, index: number): Profile {
  const hash = new Hash64();
  const own = (text: string) => text.replace(/^main\./, `github.com/acme/${service}.`);
  const names = profile.functions.names.map(own);
  const ids = BigUint64Array.from(names, (name, at) =>
    identifyFunction(
      hash,
      name,
      profile.functions.files[at] ?? "",
      profile.functions.startLines[at] ?? 0,
    ).toBigInt(),
  );
  const stackIds = profile.stacks.ids.map((id) => BigInt.asUintN(64, id + BigInt(index) * STACK_ID_STEP));
  return {
    ...profile,
    service,
    functions: { ...profile.functions, ids, names, systemNames: profile.functions.systemNames.map(own) },
    stacks: { ...profile.stacks, ids: stackIds },
  };
}
