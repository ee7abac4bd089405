/** What a pprof holds by the word of another reader (pprof-format): the truth that tests hold the store to. */
import { gunzipSync } from "node:zlib";
import { type Label, Profile } from "pprof-format";

export interface PprofSums {
  /** By type, as the profile calls it: `contentions`, `delay`, `sample`. */
  readonly totals: Readonly<Record<string, bigint>>;
  /** Per label set (`key=value`, sorted, joined by spaces) the same. Labels that tell nothing apart are left out. */
  readonly byLabels: ReadonlyMap<string, Readonly<Record<string, bigint>>>;
}

/** @param keys of the labels to tell samples apart by */
export function sumPprof(bytes: Uint8Array, keys: readonly string[] = []): PprofSums {
  const profile = Profile.decode(bytes[0] === 0x1f ? gunzipSync(bytes) : bytes);
  const text = (index: unknown) => profile.stringTable.strings[Number(index)] ?? "";
  const types = profile.sampleType.map(({ type }) => text(type));
  const show = ({ key, num, str }: Label) =>
    `${text(key)}=${Number(str) === 0 ? BigInt.asUintN(64, BigInt(num)) : text(str)}`;
  const totals: Record<string, bigint> = Object.fromEntries(types.map((type) => [type, 0n]));
  const byLabels = new Map<string, Record<string, bigint>>();
  for (const { label, value } of profile.sample) {
    const labels = label.filter(({ key }) => keys.includes(text(key))).map(show);
    const group = labels.sort().join(" ");
    const sums = byLabels.get(group) ?? Object.fromEntries(types.map((type) => [type, 0n]));
    types.forEach((type, index) => {
      const add = BigInt(value[index] ?? 0);
      totals[type] = (totals[type] ?? 0n) + add;
      sums[type] = (sums[type] ?? 0n) + add;
    });
    byLabels.set(group, sums);
  }
  return { totals, byLabels };
}
