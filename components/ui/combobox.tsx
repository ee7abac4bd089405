"use client";
import { Check, ChevronDown, Search } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from "react";
import { Button } from "./button";
import { cn } from "./cn";
import { Popover, PopoverContent, PopoverTrigger } from "./popover";

export interface ComboboxOption {
  value: string;
  /** What is searched and read out. */
  text: string;
  /** What is drawn; the text when absent. */
  label?: ReactNode;
  /** At the right end: a count, a language. */
  detail?: ReactNode;
}

interface ComboboxProps {
  /** Accessible name of the button and the list. */
  label: string;
  /** null: nothing chosen. */
  value: string | null;
  options: readonly ComboboxOption[];
  onChange: (value: string | null) => void;
  /** On the button when nothing is chosen. */
  placeholder: string;
  /** Adds a first entry that chooses nothing. */
  clearLabel?: string;
  /** Lets what was typed be chosen although no option has it. */
  allowTyped?: boolean;
  loading?: boolean;
  className?: string;
}

interface Entry {
  key: string;
  value: string | null;
  text: string;
  label: ReactNode;
  detail?: ReactNode;
}

/** A filterable list behind a button: WAI-ARIA's combobox with a listbox; the keyboard never leaves the text field. */
export function Combobox(props: ComboboxProps) {
  const { label, value, options, placeholder, className, loading = false } = props;
  const [open, setOpen] = useState(false);
  const chosen = options.find((option) => option.value === value);
  return (
    <Popover open={open} onOpenChange={setOpen}>
      <PopoverTrigger asChild>
        <Button
          aria-label={`${label}: ${chosen?.text ?? value ?? placeholder}`}
          className={cn("min-w-0 max-w-72 justify-between font-normal", className)}
        >
          <span className={cn("min-w-0 truncate", value === null && "text-muted")}>
            {chosen?.label ?? chosen?.text ?? value ?? placeholder}
          </span>
          <ChevronDown aria-hidden className="text-subtle" />
        </Button>
      </PopoverTrigger>
      <PopoverContent className="flex w-72 flex-col overflow-hidden p-0">
        <ComboboxList {...props} loading={loading} close={() => setOpen(false)} />
      </PopoverContent>
    </Popover>
  );
}

function ComboboxList(props: ComboboxProps & { close: () => void }) {
  const { label, value, options, onChange, clearLabel, allowTyped = false, loading = false, close } = props;
  const listId = useId();
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const entries = findEntries(options, query, clearLabel, allowTyped);
  const activeEntry = entries[Math.min(active, entries.length - 1)];

  const choose = (entry: Entry | undefined) => {
    if (entry === undefined) return;
    onChange(entry.value);
    close();
  };
  const move = (to: number) => {
    const index = Math.max(0, Math.min(entries.length - 1, to));
    setActive(index);
    list.current?.children[index]?.scrollIntoView({ block: "nearest" });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      Home: 0,
      End: entries.length - 1,
    };
    const to = Object.hasOwn(steps, event.key) ? steps[event.key] : undefined;
    if (to !== undefined) {
      event.preventDefault();
      move(to);
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(activeEntry);
    }
  };

  return (
    <>
      <div className="flex h-8 shrink-0 items-center gap-2 border-line border-b px-2.5">
        <Search aria-hidden className="size-3.5 shrink-0 text-subtle" />
        <input
          role="combobox"
          aria-label={`Filter: ${label}`}
          aria-expanded
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={activeEntry === undefined ? undefined : `${listId}-${activeEntry.key}`}
          className="w-full bg-transparent text-sm outline-none placeholder:text-subtle"
          placeholder="Type to filter"
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setActive(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div ref={list} id={listId} role="listbox" aria-label={label} className="max-h-72 overflow-y-auto p-1">
        {entries.map((entry, index) => (
          <div
            key={entry.key}
            id={`${listId}-${entry.key}`}
            role="option"
            tabIndex={-1}
            aria-selected={entry.value === value}
            className={cn(
              "flex min-h-7 cursor-pointer items-center gap-2 rounded-md px-2 py-1 text-sm",
              entry === activeEntry && "bg-hover",
            )}
            onPointerMove={() => setActive(index)}
            onClick={() => choose(entry)}
            onKeyDown={onKeyDown}
          >
            <Check aria-hidden className={cn("size-3.5 shrink-0", entry.value !== value && "invisible")} />
            <span className="min-w-0 flex-1 break-words">{entry.label}</span>
            {entry.detail !== undefined && (
              <span className="shrink-0 text-subtle text-xs">{entry.detail}</span>
            )}
          </div>
        ))}
        {entries.length === 0 && (
          <div className="px-2 py-3 text-center text-sm text-subtle">
            {loading ? "Loading…" : "Nothing matches"}
          </div>
        )}
      </div>
    </>
  );
}

function findEntries(
  options: readonly ComboboxOption[],
  query: string,
  clearLabel: string | undefined,
  allowTyped: boolean,
): Entry[] {
  const wanted = query.trim().toLowerCase();
  const entries: Entry[] = options
    .filter((option) => option.text.toLowerCase().includes(wanted))
    .map((option, index) => ({
      key: String(index),
      value: option.value,
      text: option.text,
      label: option.label ?? option.text,
      detail: option.detail,
    }));
  if (wanted === "" && clearLabel !== undefined) {
    entries.unshift({
      key: "clear",
      value: null,
      text: clearLabel,
      label: <span className="text-muted">{clearLabel}</span>,
    });
  }
  if (wanted !== "" && allowTyped && !options.some((option) => option.value === query.trim())) {
    entries.push({ key: "typed", value: query.trim(), text: query, label: `Use “${query.trim()}”` });
  }
  return entries;
}
