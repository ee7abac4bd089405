import { z } from "zod";
import { unitOfType } from "@/lib/profile/unit-of-type";
import { catalogue } from "@/lib/store/catalogue";

const sampleTypes = z.array(z.object({ type: z.string(), unit: z.string() }));

/** @returns the unit of a sample type: of a profiler's own types that of the last profile which had it, "count" for a type nobody sent */
export async function findUnit(type: string): Promise<string> {
  const known = unitOfType(type);
  if (known !== undefined) return known;
  const profile = await (await catalogue()).profile.findFirst({
    where: { sampleTypes: { contains: `"type":${JSON.stringify(type)}` } },
    orderBy: { receivedAt: "desc" },
  });
  if (profile === null) return "count";
  const types = sampleTypes.parse(JSON.parse(profile.sampleTypes));
  return types.find((candidate) => candidate.type === type)?.unit ?? "count";
}
