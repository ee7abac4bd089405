import { CircleCheck } from "lucide-react";
import type { DoctorResponse } from "@/lib/api/doctor-contract";
import { formatCountExact } from "@/lib/format";

/** What there is to say when there is nothing to mend. */
export function AllWell({ answer }: { answer: DoctorResponse }) {
  if (answer.findings.some(({ severity }) => severity !== "note")) return null;
  const sum = (pick: "labelled" | "met" | "samples") =>
    answer.services.reduce((total, service) => total + service[pick], 0);
  const [labelled, met] = [sum("labelled"), sum("met")];
  if (labelled === 0) return null;
  return (
    <p role="status" className="flex items-center gap-2 rounded-lg border border-line bg-surface px-3 py-3">
      <CircleCheck aria-hidden className="size-4 shrink-0 text-good" />
      <span>
        <strong className="font-medium">
          {met === labelled
            ? "Every labelled sample meets its span."
            : `${formatCountExact(met)} of ${formatCountExact(labelled)} labelled samples meet their span.`}
        </strong>{" "}
        <span className="text-muted">
          {met === labelled
            ? `${formatCountExact(labelled)} of ${formatCountExact(sum("samples"))} samples are labelled; the others are the runtime's and work that belongs to no request.`
            : "The others name spans that were dropped or have not arrived: too few to matter."}
        </span>
      </span>
    </p>
  );
}
