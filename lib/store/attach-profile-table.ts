import { attachIngestedAt, expectMaps, findColumns } from "@/lib/store/attach-ingested-at";

/** Adds what is missing to a collector's `otel_profiles`; does nothing when there is none or it is complete. */
export async function attachProfileTable(): Promise<void> {
  const columns = await findColumns("otel_profiles");
  if (columns.size === 0) return;
  expectMaps("otel_profiles", columns);
  await attachIngestedAt("otel_profiles", columns);
}
