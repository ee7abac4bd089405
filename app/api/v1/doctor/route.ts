import { parseDoctorQuery } from "@/lib/api/query";
import { respond } from "@/lib/api/respond";
import { answerDoctor } from "@/lib/store/doctor-answer";

/** Why samples and spans do not meet, with the counts behind it. */
export function GET(request: Request): Promise<Response> {
  return respond(request, (signal) =>
    answerDoctor(parseDoctorQuery(new URL(request.url).searchParams), signal),
  );
}
