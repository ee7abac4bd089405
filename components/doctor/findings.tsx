import type { DoctorFinding } from "@/lib/api/doctor-contract";
import { FindingCard } from "./finding-card";
import { NoteCard } from "./note-card";

/** Faults in the order of what they cost, then what is good to know, once each. The first of a code is where links to it lead. */
export function Findings({ findings }: { findings: readonly DoctorFinding[] }) {
  const faults = findings.filter(({ severity }) => severity !== "note");
  const notes = new Map<string, DoctorFinding[]>();
  for (const finding of findings) {
    if (finding.severity === "note") notes.set(finding.code, [...(notes.get(finding.code) ?? []), finding]);
  }
  return (
    <>
      {faults.length > 0 && (
        <section aria-label="To mend">
          <h2 className="mt-3 mb-2 font-semibold text-md">To mend</h2>
          <ul className="grid gap-3">
            {faults.map((finding, index) => (
              <li
                key={`${finding.code} ${finding.service} ${finding.evidence.join(" ")}`}
                className="min-w-0"
              >
                <FindingCard
                  finding={finding}
                  id={
                    faults.findIndex(({ code }) => code === finding.code) === index ? finding.code : undefined
                  }
                />
              </li>
            ))}
          </ul>
        </section>
      )}
      {notes.size > 0 && (
        <section aria-label="Good to know">
          <h2 className="mt-3 mb-2 font-semibold text-md">Good to know</h2>
          <ul className="grid gap-3">
            {[...notes].map(([code, ofCode]) => (
              <li key={code} className="min-w-0">
                <NoteCard
                  notes={ofCode}
                  id={faults.some((fault) => fault.code === code) ? undefined : code}
                />
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
