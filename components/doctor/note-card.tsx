import { cn } from "@/components/ui/cn";
import { ServiceName } from "@/components/ui/service-dot";
import type { DoctorFinding } from "@/lib/api/doctor-contract";
import { Fixes } from "./fixes";
import { ReasonBadge } from "./verdict-badge";

/** @returns by sentence the services that it is true of; a name that stands beside the sentence is left out of it */
function sayOnce(notes: readonly DoctorFinding[]): ReadonlyMap<string, ReadonlySet<string>> {
  const said = new Map<string, Set<string>>();
  for (const { sentence, service } of notes) {
    const short = sentence.replace(` of ${service} `, " ");
    said.set(short, (said.get(short) ?? new Set()).add(service));
  }
  return said;
}

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
          {[...sayOnce(notes)].map(([sentence, services]) => (
            <li key={sentence} className={services.size > 1 ? "grid gap-1" : "gap-3 max-sm:grid sm:flex"}>
              <span className="flex flex-wrap gap-x-4 gap-y-1">
                {[...services].map((name) => (
                  <ServiceName
                    key={name}
                    name={name}
                    className={cn("text-muted", services.size === 1 && "max-w-full sm:w-32 sm:shrink-0")}
                  />
                ))}
              </span>
              <span className="wrap-anywhere">{sentence}</span>
            </li>
          ))}
        </ul>
      </div>
      <Fixes fixes={first.fixes} />
    </article>
  );
}
