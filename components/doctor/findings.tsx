import type { DoctorFinding } from "@/lib/api/doctor-contract";
import { FindingCard } from "./finding-card";

/** Faults in the order of what they cost, then what is good to know. The first of each code is where links to it lead. */
export function Findings({ findings }: { findings: readonly DoctorFinding[] }) {
  const faults = findings.filter(({ severity }) => severity !== "note");
  const notes = findings.filter(({ severity }) => severity === "note");
  const first = new Map<string, DoctorFinding>();
  for (const finding of findings) if (!first.has(finding.code)) first.set(finding.code, finding);
  const list = (title: string, items: readonly DoctorFinding[]) =>
    items.length > 0 && (
      <section aria-label={title}>
        <h2 className="mt-3 mb-2 font-semibold text-md">{title}</h2>
        <ul className="grid gap-3">
          {items.map((finding) => (
            <li key={`${finding.code} ${finding.service} ${finding.evidence.join(" ")}`} className="min-w-0">
              <FindingCard
                finding={finding}
                id={first.get(finding.code) === finding ? finding.code : undefined}
              />
            </li>
          ))}
        </ul>
      </section>
    );
  return (
    <>
      {list("To mend", faults)}
      {list("Good to know", notes)}
    </>
  );
}
