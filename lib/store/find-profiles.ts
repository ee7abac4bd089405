/** The list of received profiles, from the catalogue. */
import { z } from "zod";
import { type ProfilesResponse, type ReceivedProfile, receivedProfile } from "@/lib/api/profiles-contract";
import type { ProfileListQuery } from "@/lib/api/query";
import { HotspanError, invalidInput } from "@/lib/errors";
import { catalogue } from "@/lib/store/catalogue";
import type { Profile } from "@/prisma/generated/client";

/**
 * Newest window first; a profile counts where its window starts, as in every other answer.
 * @throws HotspanError `invalid-input` for a cursor that is none of ours, `unavailable`
 */
export async function findProfiles(query: ProfileListQuery): Promise<ProfilesResponse> {
  const { from, limit, service, to } = query;
  const where = {
    state: "stored",
    ...(service === undefined ? {} : { service }),
    // Compared as text, which is right for instants of equally many digits: 2001 to 2286.
    startUnixNano: {
      ...(from === undefined ? {} : { gte: asText(from) }),
      ...(to === undefined ? {} : { lt: asText(to) }),
    },
  };
  const after = query.cursor === undefined ? undefined : parseCursor(query.cursor);
  try {
    const profiles = (await catalogue()).profile;
    const [total, rows] = await Promise.all([
      profiles.count({ where }),
      profiles.findMany({
        where: after === undefined ? where : { AND: [where, after] },
        orderBy: [{ startUnixNano: "desc" }, { profileId: "asc" }],
        take: limit + 1,
      }),
    ]);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      profiles: page.map(fromRow),
      total,
      nextCursor:
        rows.length > limit && last !== undefined ? `${last.startUnixNano}.${last.profileId}` : null,
    };
  } catch (error) {
    throw catalogueError(error);
  }
}

/** @throws HotspanError `not-found`, `unavailable` */
export async function findReceivedProfile(profileId: string): Promise<ReceivedProfile> {
  const row = await catalogue()
    .then(({ profile }) => profile.findUnique({ where: { profileId } }))
    .catch((error: unknown) => {
      throw catalogueError(error);
    });
  if (row === null || row.state !== "stored") {
    throw new HotspanError("not-found", `No profile ${profileId} was received.`);
  }
  return fromRow(row);
}

function asText(instant: bigint): string {
  return String(instant).padStart(19, "0");
}

function parseCursor(cursor: string) {
  const match = /^(\d{1,19})\.([0-9a-f]{16})$/.exec(cursor);
  const [, startUnixNano = "", profileId = ""] = match ?? [];
  if (match === null) throw invalidInput('Parameter "cursor" is not one that this list gave out.');
  return { OR: [{ startUnixNano: { lt: startUnixNano } }, { startUnixNano, profileId: { gt: profileId } }] };
}

const sampleTypes = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(receivedProfile.shape.sampleTypes);

function fromRow(row: Profile): ReceivedProfile {
  const { durationNs, labelled, origin, profileId, receivedAt, samples, service, source, startUnixNano } =
    row;
  return {
    ...{ profileId, service, samples, labelled, startUnixNano, source, origin },
    sampleTypes: sampleTypes.parse(row.sampleTypes),
    durationNs: Number(durationNs),
    receivedUnixNano: String(BigInt(receivedAt.getTime()) * 1_000_000n),
  };
}

function catalogueError(error: unknown): unknown {
  if (error instanceof HotspanError) return error;
  const reason = error instanceof Error ? (error.message.split("\n").at(-1) ?? "") : String(error);
  return new HotspanError("unavailable", `The catalogue cannot be read: ${reason}`, {
    cause: error,
    retryAfterSeconds: 2,
  });
}
