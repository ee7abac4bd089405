import { type Door, jsonReply } from "@/lib/ingest/door";
import { datadogDoor } from "@/lib/ingest/door-datadog";
import { importDoor } from "@/lib/ingest/door-import";
import { declinedDoor, tracesDoor } from "@/lib/ingest/door-otlp";
import { otlpProfilesDoor } from "@/lib/ingest/door-otlp-profiles";
import { pushDoor, pushMethods } from "@/lib/ingest/door-push";
import { pyroscopeDoor } from "@/lib/ingest/door-pyroscope";
import { zipkinDoor } from "@/lib/ingest/door-zipkin";
import { declinedExport, exportProfiles, exportTraces, type GrpcMethod } from "@/lib/ingest/grpc-otlp";
import type { Intakes } from "@/lib/ingest/intakes";
import { readProfileRequest } from "@/lib/ingest/profile-request";

/** Everything that can be sent to the HTTP port. The dashboard's port has a route for each, which forwards it here. */
export function httpDoors(intakes: Intakes): Door[] {
  return [
    tracesDoor(intakes.traces),
    declinedDoor("metrics"),
    declinedDoor("logs"),
    otlpProfilesDoor(intakes.profiles),
    zipkinDoor(intakes.traces),
    profilesDoor(intakes),
    importDoor(intakes),
    pyroscopeDoor(intakes),
    pushDoor(intakes),
    datadogDoor(intakes),
  ];
}

/** Everything that can be sent to the gRPC port. */
export function grpcMethods(intakes: Intakes): GrpcMethod[] {
  return [
    exportTraces(intakes.traces),
    exportProfiles(intakes.profiles),
    declinedExport("metrics"),
    declinedExport("logs"),
    ...pushMethods(intakes),
  ];
}

function profilesDoor({ maxBodyBytes, profiles }: Intakes): Door {
  return {
    paths: ["/api/v1/profiles"],
    receive: async ({ readBody, sourceOf, url }) => {
      const source = sourceOf(url.searchParams.get("source"));
      const upload = readProfileRequest(await readBody(), url.searchParams, source, maxBodyBytes);
      return jsonReply(200, await profiles.accept(upload));
    },
  };
}
