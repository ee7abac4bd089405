"use client";
import { CircleAlert, CircleCheck } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import {
  type Target,
  type TargetInput,
  type TargetTest,
  target,
  targetTest,
} from "@/lib/api/targets-contract";
import { findComplaints, parseDraft, type TargetDraft, toDraft } from "./target-draft";
import { TargetFields } from "./target-fields";
import { TARGETS, useChange } from "./use-targets";

interface TargetDialogProps {
  /** undefined adds one. */
  edited: Target | undefined;
  onClose: () => void;
}

export function TargetDialog({ edited, onClose }: TargetDialogProps) {
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={edited === undefined ? "Add a target" : `Edit ${edited.service}`}
      description="A Go process that serves net/http/pprof. Hotspan reads its profiles from there."
    >
      <TargetForm edited={edited} onClose={onClose} />
    </Dialog>
  );
}

function TargetForm({ edited, onClose }: TargetDialogProps) {
  const input: TargetInput | undefined = edited === undefined ? undefined : withoutState(edited);
  const [draft, setDraft] = useState<TargetDraft>(() => toDraft(input));
  const [isTried, setTried] = useState(false);
  const parsed = parseDraft(draft, input);
  const complaints = isTried ? findComplaints(parsed) : new Map<keyof TargetDraft, string>();
  const save = useChange(target, onClose);
  const test = useChange(targetTest);

  const change = (next: Partial<TargetDraft>) => {
    save.reset();
    test.reset();
    setDraft({ ...draft, ...next });
  };
  const submit = () => {
    setTried(true);
    if (!parsed.success) return;
    const id = edited?.id;
    save.mutate(
      id === undefined
        ? { method: "POST", path: TARGETS, body: parsed.data }
        : { method: "PATCH", path: `${TARGETS}/${id}`, body: parsed.data },
    );
  };
  const tryOut = () => {
    setTried(true);
    if (parsed.success) test.mutate({ method: "POST", path: `${TARGETS}/test`, body: parsed.data });
  };

  return (
    <form
      className="flex min-h-0 flex-col"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div className="min-h-0 overflow-y-auto px-4 py-3">
        <TargetFields draft={draft} complaints={complaints} onChange={change} />
      </div>
      <div className="border-line border-t px-4 py-3">
        <TestResult test={test.data} error={test.error ?? save.error} />
        <div className="flex flex-wrap justify-end gap-2">
          <Button className="mr-auto" onClick={tryOut} disabled={test.isPending}>
            {test.isPending ? "Testing…" : "Test connection"}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="solid" disabled={save.isPending}>
            {edited === undefined ? "Add" : "Save"}
          </Button>
        </div>
      </div>
    </form>
  );
}

function TestResult({ error, test }: { test: TargetTest | undefined; error: Error | null }) {
  return (
    <div role="status" className="text-sm">
      {error !== null && <p className="mb-3 text-danger-ink">{error.message}</p>}
      {error === null && test !== undefined && (
        <ul className="mb-3 grid gap-1">
          {test.checks.map(({ message, ok, what }) => (
            <li key={what} className="flex gap-2">
              {ok ? (
                <CircleCheck aria-label="Works" className="mt-0.5 size-3.5 shrink-0 text-good" />
              ) : (
                <CircleAlert aria-label="Does not work" className="mt-0.5 size-3.5 shrink-0 text-danger" />
              )}
              <span className="min-w-0 break-words">
                <span className="font-medium">{what}.</span> <span className="text-muted">{message}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function withoutState({ id: _, origin: __, state: ___, ...input }: Target): TargetInput {
  return input;
}
