import { parseProfileId, readParameters } from "@/lib/api/query";
import { respond } from "@/lib/api/respond";
import { invalidInput } from "@/lib/errors";
import { findReceivedProfile } from "@/lib/store/find-profiles";

interface Context {
  readonly params: Promise<{ readonly profileId: string }>;
}

/** What is known of one received profile; its samples are selected with `profile=` everywhere else. */
export function GET(request: Request, { params }: Context): Promise<Response> {
  return respond(request, async () => {
    readParameters(new URL(request.url).searchParams, {});
    const profileId = parseProfileId((await params).profileId);
    if (profileId === undefined) throw invalidInput("A profile id has 16 hexadecimal digits.");
    return findReceivedProfile(profileId);
  });
}
