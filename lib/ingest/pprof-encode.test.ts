import { gunzipSync } from "node:zlib";
import { Profile as PprofFormat } from "pprof-format";
import { describe, expect, test } from "vitest";
import { decodePprof } from "@/lib/ingest/pprof";
import { RECORDED_PROFILES, recordedProfile } from "@/lib/ingest/test-pprof-top";
import { encodePprof } from "@/lib/profile/encode-pprof";
import { toPprofSource } from "@/lib/profile/profile-source";
import { formatFolded } from "@/lib/profile/test-folded";
import { unixNano } from "@/lib/units";

const context = { service: "shop", receivedUnixNano: unixNano(1n), startUnixNano: unixNano(7n) };

/** What each sample carries, as text: value, ids, endpoint and labels. */
function describeSamples(bytes: Buffer): string[] {
  const { profile } = decodePprof(bytes, context);
  const { labelSets, samples, texts } = profile;
  return Array.from({ length: samples.length }, (_, sample) =>
    [
      samples.counts[sample],
      texts[samples.traceIds[sample] ?? 0],
      texts[samples.spanIds[sample] ?? 0],
      texts[samples.endpoints[sample] ?? 0],
      samples.ties[sample],
      JSON.stringify(labelSets[samples.labelSets[sample] ?? 0]),
    ].join(" "),
  );
}

describe.each(RECORDED_PROFILES)("%s", (name) => {
  const bytes = recordedProfile(name);
  const { profile } = decodePprof(bytes, context);

  test("written again and read again has the same stacks, lines, values and labels", () => {
    const written = encodePprof(toPprofSource(profile));
    const again = decodePprof(written, {
      ...context,
      lockKind: name.includes("block") ? "block" : "mutex",
    }).profile;
    profile.sampleTypes.forEach((sampleType, index) => {
      expect(again.sampleTypes[index]?.type).toBe(sampleType.type);
      expect(formatFolded(again, index, { lines: true })).toBe(formatFolded(profile, index, { lines: true }));
    });
    expect([...again.stacks.ids].sort()).toEqual([...profile.stacks.ids].sort());
    expect(describeSamples(written)).toEqual(describeSamples(bytes));
  });

  test("is read by pprof-format as we read it", () => {
    const theirs = PprofFormat.decode(new Uint8Array(gunzipSync(bytes)));
    const text = (index: number | bigint) => theirs.stringTable.strings[Number(index)] ?? "";
    const functions = new Map(theirs.function.map((fn) => [Number(fn.id), text(fn.name) || "<unknown>"]));
    const locations = new Map(
      theirs.location.map((location) => [
        Number(location.id),
        location.line.map((line) => `${functions.get(Number(line.functionId))}:${Number(line.line)}`),
      ]),
    );
    const types = theirs.sampleType.map(({ type, unit }) => `${text(type)}/${text(unit)}`);
    const valued = types.flatMap((type, index) => (/^samples?\/count$/.test(type) ? [] : [index]));
    valued.forEach((column, type) => {
      const sums = new Map<string, bigint>();
      for (const sample of theirs.sample) {
        const frames = sample.locationId.flatMap((id) => locations.get(Number(id)) ?? []);
        const value = BigInt.asIntN(64, BigInt(sample.value[column] ?? 0));
        const stack = frames.reverse().join(";");
        if (value !== 0n) sums.set(stack, (sums.get(stack) ?? 0n) + value);
      }
      const folded = [...sums].map(([stack, value]) => `${stack} ${value}`).sort();
      expect(formatFolded(profile, type, { lines: true })).toBe(folded.join("\n"));
    });
  });
});
