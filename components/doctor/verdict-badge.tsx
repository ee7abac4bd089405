import { Badge } from "@/components/ui/badge";
import type { DoctorFinding, DoctorService } from "@/lib/api/doctor-contract";
import { nameOfReason } from "@/lib/diagnosis/reason";

const VERDICTS = {
  healthy: { name: "Healthy", tone: "neutral" },
  impaired: { name: "Impaired", tone: "hot" },
  broken: { name: "Broken", tone: "danger" },
  unprofiled: { name: "Not profiled", tone: "neutral" },
  none: { name: "Nothing to meet", tone: "neutral" },
} as const;

export function VerdictBadge({ verdict }: { verdict: DoctorService["verdict"] }) {
  const { name, tone } = VERDICTS[verdict];
  return (
    <Badge tone={tone}>
      {verdict === "healthy" && <span aria-hidden className="size-1.5 rounded-full bg-good" />}
      {name}
    </Badge>
  );
}

const TONES = { error: "danger", warning: "hot", note: "neutral" } as const;

export function ReasonBadge({ code, severity }: Pick<DoctorFinding, "code" | "severity">) {
  return <Badge tone={TONES[severity]}>{nameOfReason(code)}</Badge>;
}
