"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useId, useState } from "react";
import { fetchApi } from "@/components/data/fetch-api";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { cn } from "@/components/ui/cn";
import { Input } from "@/components/ui/input";
import {
  type SamplingResponse,
  type SamplingRules,
  samplingResponse,
  samplingRules,
} from "@/lib/api/sampling-contract";

export const SAMPLING_PATH = "/api/v1/sampling";

/** Numbers are text while they are being typed. */
interface Draft extends Omit<SamplingRules, "quietSeconds" | "keepSlowerThanMs" | "keepPercent"> {
  readonly quietSeconds: string;
  readonly keepSlow: boolean;
  readonly slowMs: string;
  readonly keepPercent: string;
}

function toDraft(rules: SamplingRules): Draft {
  return {
    ...rules,
    quietSeconds: String(rules.quietSeconds),
    keepSlow: rules.keepSlowerThanMs !== null,
    slowMs: String(rules.keepSlowerThanMs ?? 2_000),
    keepPercent: String(rules.keepPercent),
  };
}

function toRules({ keepPercent, keepSlow, quietSeconds, slowMs, ...flags }: Draft) {
  const number = (text: string) => (text.trim() === "" ? Number.NaN : Number(text));
  return samplingRules.safeParse({
    ...flags,
    quietSeconds: number(quietSeconds),
    keepSlowerThanMs: keepSlow ? number(slowMs) : null,
    keepPercent: number(keepPercent),
  });
}

export function SamplingForm({ stored }: { stored: SamplingRules }) {
  const client = useQueryClient();
  const [edited, setEdited] = useState<Draft>();
  const draft = edited ?? toDraft(stored);
  const rules = toRules(draft);
  const save = useMutation<SamplingResponse, Error, SamplingRules>({
    mutationFn: (body) =>
      fetchApi(SAMPLING_PATH, samplingResponse, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["api", SAMPLING_PATH] });
      setEdited(undefined);
    },
  });
  const set = (change: Partial<Draft>) => {
    save.reset();
    setEdited({ ...draft, ...change });
  };
  const off = !draft.enabled;
  return (
    <form
      className="space-y-3 p-3 text-sm"
      onSubmit={(event) => {
        event.preventDefault();
        if (rules.success) save.mutate(rules.data);
      }}
    >
      <Rule checked={draft.enabled} onChange={(enabled) => set({ enabled })} label="Sample traces">
        Off: every trace is kept.
      </Rule>
      <fieldset disabled={off} className="space-y-3 border-line border-t pt-3">
        <legend className="sr-only">Rules</legend>
        <p className="text-muted">Always kept, whole:</p>
        <Rule
          checked={draft.keepErrors}
          disabled={off}
          onChange={(keepErrors) => set({ keepErrors })}
          label="Traces with a span in error"
        />
        <Rule
          checked={draft.keepServerErrors}
          disabled={off}
          onChange={(keepServerErrors) => set({ keepServerErrors })}
          label="Traces with an HTTP status of 500 or more"
        />
        <Rule
          checked={draft.keepSlow}
          disabled={off}
          onChange={(keepSlow) => set({ keepSlow })}
          label="Traces that last longer than"
          field={
            <NumberField
              label="Slow from"
              unit="ms"
              value={draft.slowMs}
              disabled={off || !draft.keepSlow}
              invalid={isWrong(rules, "keepSlowerThanMs")}
              onChange={(slowMs) => set({ slowMs })}
            />
          }
        />
        <Rule
          checked={draft.keepProfiled}
          disabled={off}
          onChange={(keepProfiled) => set({ keepProfiled })}
          label="Traces that a profile has samples of"
        />
        <div className="flex flex-wrap items-center gap-2 border-line border-t pt-3">
          <span className={cn(off && "text-muted")}>Of the rest, keep</span>
          <NumberField
            label="Share of the rest"
            unit="%"
            value={draft.keepPercent}
            disabled={off}
            invalid={isWrong(rules, "keepPercent")}
            onChange={(keepPercent) => set({ keepPercent })}
          />
        </div>
        <div className="flex flex-wrap items-center gap-2">
          <span className={cn(off && "text-muted")}>Decide when nothing of a trace has come for</span>
          <NumberField
            label="Quiet period"
            unit="s"
            value={draft.quietSeconds}
            disabled={off}
            invalid={isWrong(rules, "quietSeconds")}
            onChange={(quietSeconds) => set({ quietSeconds })}
          />
        </div>
        <p className="text-muted">
          Until it is decided, a trace is not listed, but opens by its id. A period longer than the interval
          at which profiles are pushed lets their traces be kept.
        </p>
      </fieldset>
      <div className="flex flex-wrap items-center gap-2 border-line border-t pt-3">
        <Button
          type="submit"
          variant="solid"
          disabled={edited === undefined || !rules.success || save.isPending}
        >
          Save
        </Button>
        {edited !== undefined && (
          <Button variant="ghost" onClick={() => setEdited(undefined)}>
            Discard
          </Button>
        )}
        <span role="status" className={save.error === null ? "text-muted" : "text-danger-ink"}>
          {save.error?.message ?? (save.isSuccess ? "Saved: in force within seconds." : "")}
          {rules.success ? "" : sentenceOf(rules)}
        </span>
      </div>
    </form>
  );
}

type Parsed = ReturnType<typeof toRules>;

function isWrong(rules: Parsed, field: keyof SamplingRules): boolean {
  return rules.error?.issues.some(({ path }) => path[0] === field) ?? false;
}

function sentenceOf(rules: Parsed): string {
  if (isWrong(rules, "keepPercent")) return "The share is a number from 0 to 100.";
  if (isWrong(rules, "quietSeconds")) return "The quiet period is 5 to 600 whole seconds.";
  return "Slow traces begin at a whole number of milliseconds.";
}

interface RuleProps {
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
  label: string;
  field?: ReactNode;
  children?: ReactNode;
}

function Rule({ checked, children, disabled, field, label, onChange }: RuleProps) {
  const id = useId();
  return (
    <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
      <Checkbox
        id={id}
        checked={checked}
        disabled={disabled ?? false}
        onCheckedChange={(next) => onChange(next === true)}
      />
      <label htmlFor={id} className={disabled === true ? "text-muted" : undefined}>
        {label}
      </label>
      {field}
      {children !== undefined && <span className="text-muted">{children}</span>}
    </div>
  );
}

interface NumberFieldProps {
  label: string;
  unit: string;
  value: string;
  disabled: boolean;
  invalid: boolean;
  onChange: (value: string) => void;
}

function NumberField({ disabled, invalid, label, onChange, unit, value }: NumberFieldProps) {
  return (
    <Input
      className="w-24"
      inputMode="decimal"
      aria-label={`${label}, ${unit}`}
      aria-invalid={invalid || undefined}
      value={value}
      disabled={disabled}
      onChange={(event) => onChange(event.target.value)}
      after={<span className="text-subtle">{unit}</span>}
    />
  );
}
