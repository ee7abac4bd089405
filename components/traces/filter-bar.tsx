"use client";

import { Search, X } from "lucide-react";
import { type FormEvent, useEffect, useId, useState } from "react";
import { useApi } from "@/components/data/use-api";
import type { TraceFilters } from "@/components/traces/use-trace-filters";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { Combobox } from "@/components/ui/combobox";
import { Input } from "@/components/ui/input";
import { ServicePicker } from "@/components/ui/service-picker";
import { endpointsResponse } from "@/lib/api/contract";
import { parseDuration } from "@/lib/api/instant";

/** Everything that narrows the list, in one line. Each choice is in the URL at once; text when it is entered. */
export function FilterBar({ filters: state }: { filters: TraceFilters }) {
  const { filters, setFilters, active, clear } = state;
  return (
    <search aria-label="Traces" className="mb-3 flex flex-wrap items-center gap-2">
      <TextFilter value={filters.q ?? ""} onChange={(q) => void setFilters({ q: q === "" ? null : q })} />
      <ServicePicker
        value={filters.service}
        onChange={(service) => void setFilters({ service, endpoint: null })}
      />
      <EndpointPicker state={state} />
      <span className="flex items-center gap-1">
        <DurationInput
          label="Shortest duration"
          placeholder="min"
          value={filters.min_duration}
          onChange={(min_duration) => void setFilters({ min_duration })}
        />
        <span aria-hidden className="text-subtle">
          –
        </span>
        <DurationInput
          label="Longest duration"
          placeholder="max"
          value={filters.max_duration}
          onChange={(max_duration) => void setFilters({ max_duration })}
        />
      </span>
      <Toggle
        label="Errors"
        checked={filters.errors}
        onChange={(errors) => void setFilters({ errors: errors || null })}
      />
      <Toggle
        label="With CPU samples"
        checked={filters.profiled}
        onChange={(profiled) => void setFilters({ profiled: profiled || null })}
      />
      {active && (
        <Button variant="ghost" onClick={clear}>
          <X aria-hidden /> Clear
        </Button>
      )}
    </search>
  );
}

function Toggle({
  label,
  checked,
  onChange,
}: {
  label: string;
  checked: boolean;
  onChange: (on: boolean) => void;
}) {
  const id = useId();
  return (
    <span className="flex items-center gap-1.5 px-1 text-sm">
      <Checkbox id={id} checked={checked} onCheckedChange={(state) => onChange(state === true)} />
      <label htmlFor={id}>{label}</label>
    </span>
  );
}

function TextFilter({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const [typed, setTyped] = useTyped(value);
  return (
    <form
      className="w-full sm:w-64"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        onChange(typed.trim());
      }}
    >
      <Input
        type="search"
        aria-label="Text in span names and attributes"
        placeholder="Text, or key=value"
        icon={<Search aria-hidden />}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={() => typed.trim() !== value && onChange(typed.trim())}
      />
    </form>
  );
}

interface DurationInputProps {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string | null;
  readonly onChange: (duration: string | null) => void;
}

/** `250ms`, `1.5s`; a bare number is milliseconds. What is no duration stays in the field, marked, and filters nothing. */
function DurationInput({ label, placeholder, value, onChange }: DurationInputProps) {
  const [typed, setTyped] = useTyped(value === null ? "" : shortDuration(value));
  const text = typed.replaceAll(" ", "");
  const asked = /^[\d.]+$/.test(text) ? `${text}ms` : text;
  const valid = asked === "" || parseDuration(asked) !== undefined;
  const submit = () => {
    const next = asked === "" ? null : asked;
    if (valid && next !== value && text !== (value === null ? "" : shortDuration(value))) onChange(next);
  };
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        submit();
      }}
    >
      <Input
        aria-label={label}
        aria-invalid={valid ? undefined : true}
        title={valid ? `${label}, such as 250ms or 1.5s` : "Write a duration such as 250ms or 1.5s"}
        placeholder={placeholder}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={submit}
        className="w-20"
      />
    </form>
  );
}

/** The brush writes exact nanoseconds; a person reads `177.8ms`. */
function shortDuration(text: string): string {
  const ns = parseDuration(text);
  if (ns === undefined) return text;
  if (ns >= 1e9) return `${Number((ns / 1e9).toPrecision(4))}s`;
  if (ns >= 1e6) return `${Number((ns / 1e6).toPrecision(4))}ms`;
  return ns >= 1e3 ? `${Number((ns / 1e3).toPrecision(4))}us` : `${ns}ns`;
}

/** What is being typed, until the URL says something else (the back button, a brush, a cleared filter). */
function useTyped(value: string) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  return [typed, setTyped] as const;
}

function EndpointPicker({ state: { filters, setFilters, range } }: { state: TraceFilters }) {
  const { data, isPending } = useApi(
    "/api/v1/endpoints",
    { ...range.params, service: filters.service },
    endpointsResponse,
  );
  const names = [...new Set((data?.endpoints ?? []).map((row) => row.endpoint))].sort();
  return (
    <Combobox
      label="Endpoint"
      value={filters.endpoint[0] ?? null}
      options={names.map((name) => ({ value: name, text: name }))}
      onChange={(endpoint) => void setFilters({ endpoint: endpoint === null ? null : [endpoint] })}
      placeholder="All endpoints"
      clearLabel="All endpoints"
      allowTyped
      loading={isPending}
    />
  );
}
