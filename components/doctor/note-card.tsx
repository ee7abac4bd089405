import { ServiceName } from "@/components/ui/service-dot";
import type { DoctorFinding } from "@/lib/api/doctor-contract";
import { Fixes } from "./fixes";
import { ReasonBadge } from "./verdict-badge";

/** One thing that is good to know, with a line for each service that it is true of. @param notes at least one, all of one code */
export function NoteCard({ notes, id }: { notes: readonly DoctorFinding[]; id: string | undefined }) {
  const [first] = notes;
  if (first === undefined) return null;
  return (
    <article
      id={id}
      tabIndex={id === undefined ? undefined : -1}
      aria-label={first.code}
      className="grid scroll-mt-14 gap-x-8 gap-y-3 rounded-lg border border-line bg-surface p-3 target:border-accent lg:grid-cols-[minmax(0,1.2fr)_minmax(0,1fr)]"
    >
      <div className="min-w-0">
        <ReasonBadge code={first.code} severity="note" />
        <ul className="mt-2 grid gap-1.5 text-sm">
          {notes.map((note) => (
            <li key={`${note.service} ${note.evidence.join(" ")}`} className="gap-3 sm:flex">
              <ServiceName name={note.service} className="shrink-0 text-muted sm:w-32" />
              <span className="wrap-anywhere">{note.sentence}</span>
            </li>
          ))}
        </ul>
      </div>
      <Fixes fixes={first.fixes} />
    </article>
  );
}
