/** OTLP profiles over HTTP: experimental, as `v1development` says. */
import type { Door } from "@/lib/ingest/door";
import { otlpReply, refuseOtlp } from "@/lib/ingest/door-otlp";
import { parseOtlpEncoding } from "@/lib/ingest/media-type";
import { encodeExportResponse } from "@/lib/ingest/otlp-response";
import type { ProfileIntake } from "@/lib/ingest/profile-intake";
import { unixNanoFromMillis } from "@/lib/units";

export function otlpProfilesDoor(profiles: ProfileIntake): Door {
  return {
    paths: ["/v1development/profiles"],
    receive: async ({ headers, lease, readBody, sourceOf }) => {
      const encoding = parseOtlpEncoding(headers["content-type"]);
      const bytes = await readBody();
      const receivedUnixNano = unixNanoFromMillis(Date.now());
      const upload = { bytes, encoding, receivedUnixNano, source: sourceOf(headers["x-hotspan-source"]) };
      const { message, rejectedProfiles } = await profiles.acceptOtlp(upload, lease);
      return otlpReply(200, encoding, encodeExportResponse(encoding, rejectedProfiles, message, "profiles"));
    },
    refuse: refuseOtlp,
  };
}
