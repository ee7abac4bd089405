"use client";
import { type ReactNode, useId } from "react";
import { Checkbox } from "@/components/ui/checkbox";
import { Input } from "@/components/ui/input";
import { SNAPSHOT_KINDS } from "@/lib/api/targets-contract";
import type { TargetDraft } from "./target-draft";

interface TargetFieldsProps {
  draft: TargetDraft;
  complaints: ReadonlyMap<keyof TargetDraft, string>;
  onChange: (next: Partial<TargetDraft>) => void;
}

type TextKey = {
  [K in keyof TargetDraft]: TargetDraft[K] extends string ? K : never;
}[keyof TargetDraft];

const SNAPSHOT_NAMES = { heap: "Heap", goroutine: "Goroutines", mutex: "Mutex", block: "Block" } as const;

export function TargetFields({ complaints, draft, onChange }: TargetFieldsProps) {
  const field = (
    name: TextKey,
    label: string,
    more: Omit<FieldProps, "label" | "value" | "onChange"> = {},
  ) => (
    <Field
      label={label}
      value={draft[name]}
      complaint={complaints.get(name)}
      onChange={(value) => onChange({ [name]: value })}
      {...more}
    />
  );
  return (
    <div className="grid gap-4 text-sm">
      <div className="grid gap-3 sm:grid-cols-2">
        {field("url", "Address", { placeholder: "http://shop:6060" })}
        {field("service", "Service", { placeholder: "shop" })}
        <div className="sm:col-span-2">
          {field("labels", "Labels of its samples", {
            placeholder: "region=eu, version=1.4",
            optional: true,
          })}
        </div>
      </div>
      <Group title="Continuous">
        <Tick label="CPU windows" checked={draft.cpuOn} onChange={(cpuOn) => onChange({ cpuOn })} />
        <div className="grid grid-cols-2 gap-3">
          {field("cpuSeconds", "Length", { unit: "s", disabled: !draft.cpuOn })}
          {field("cpuEvery", "Every", { unit: "s", disabled: !draft.cpuOn })}
        </div>
        <div className="flex flex-wrap gap-x-4 gap-y-2">
          {SNAPSHOT_KINDS.map((kind) => (
            <Tick
              key={kind}
              label={SNAPSHOT_NAMES[kind]}
              checked={draft.snapshots.has(kind)}
              onChange={(on) =>
                onChange({
                  snapshots: new Set(
                    SNAPSHOT_KINDS.filter((one) => (one === kind ? on : draft.snapshots.has(one))),
                  ),
                })
              }
            />
          ))}
        </div>
        <div className="grid grid-cols-2 gap-3">
          {field("snapshotsEvery", "These, every", { unit: "s", disabled: draft.snapshots.size === 0 })}
        </div>
      </Group>
      <Group title="Under load">
        <Tick
          label="Capture CPU, heap and goroutines when it uses much"
          checked={draft.adaptiveOn}
          onChange={(adaptiveOn) => onChange({ adaptiveOn })}
        />
        <fieldset disabled={!draft.adaptiveOn} className="grid grid-cols-2 gap-3 sm:grid-cols-4">
          <legend className="sr-only">Under load</legend>
          {field("cpuPercent", "CPU above", { unit: "%" })}
          {field("memoryPercent", "Memory above", { unit: "%" })}
          {field("captureSeconds", "For", { unit: "s" })}
          {field("restMinutes", "At most every", { unit: "min" })}
          {field("readEvery", "Look every", { unit: "s" })}
          {field("cores", "Cores", { placeholder: "GOMAXPROCS", optional: true })}
          {field("memoryLimitMib", "Memory limit", {
            unit: "MiB",
            placeholder: "GOMEMLIMIT",
            optional: true,
          })}
        </fieldset>
      </Group>
    </div>
  );
}

function Group({ children, title }: { title: string; children: ReactNode }) {
  return (
    <section className="grid gap-3 border-line border-t pt-3">
      <h3 className="font-medium">{title}</h3>
      {children}
    </section>
  );
}

interface FieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  complaint?: string | undefined;
  unit?: string;
  placeholder?: string;
  optional?: boolean;
  disabled?: boolean;
}

function Field({ complaint, label, onChange, optional = false, unit, value, ...input }: FieldProps) {
  const id = useId();
  return (
    <div className="grid content-start gap-1">
      <label htmlFor={id} className="text-muted">
        {label}
        {optional && <span className="text-subtle"> (optional)</span>}
      </label>
      <Input
        id={id}
        value={value}
        inputMode={unit === undefined ? undefined : "decimal"}
        autoComplete="off"
        spellCheck={false}
        aria-invalid={complaint !== undefined || undefined}
        aria-describedby={complaint === undefined ? undefined : `${id}-complaint`}
        onChange={(event) => onChange(event.target.value)}
        after={unit === undefined ? undefined : <span className="text-subtle">{unit}</span>}
        {...input}
      />
      {complaint !== undefined && (
        <p id={`${id}-complaint`} className="text-danger-ink text-xs">
          {label} {complaint}.
        </p>
      )}
    </div>
  );
}

function Tick({
  checked,
  label,
  onChange,
}: {
  label: string;
  checked: boolean;
  onChange: (on: boolean) => void;
}) {
  const id = useId();
  return (
    <div className="flex items-center gap-2">
      <Checkbox id={id} checked={checked} onCheckedChange={(next) => onChange(next === true)} />
      <label htmlFor={id}>{label}</label>
    </div>
  );
}
