"use client";

import { Fragment, useState } from "react";
import { formatCountExact } from "@/lib/format";

export type Attributes = Readonly<Record<string, string>>;

/** Longer values are cut until asked for: a stack trace or a body of 64 k would push everything else out of sight. */
const SHOWN_CHARACTERS = 800;

/** Keys and values as text, those that match the filter, by key. */
export function AttributePairs({ entries, filter }: { entries: Attributes; filter: string }) {
  const wanted = filter.trim().toLowerCase();
  const shown = Object.entries(entries)
    .filter(([key, value]) => `${key} ${value}`.toLowerCase().includes(wanted))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (shown.length === 0) return <p className="px-3 pb-1 text-sm text-subtle">Nothing matches the filter.</p>;
  return (
    <dl className="px-3 pb-1 text-sm">
      {shown.map(([key, value]) => (
        <div key={key} className="grid grid-cols-[minmax(6rem,38%)_minmax(0,1fr)] gap-3 py-0.5">
          <dt className="min-w-0 wrap-anywhere text-muted">
            <bdi>
              <Breakable text={key} />
            </bdi>
          </dt>
          <dd className="min-w-0 font-mono wrap-anywhere whitespace-pre-wrap">
            <bdi>
              <AttributeValue value={value} />
            </bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function AttributeValue({ value }: { value: string }) {
  const [whole, setWhole] = useState(false);
  if (value === "") return <span className="text-subtle">empty</span>;
  if (value.length <= SHOWN_CHARACTERS) return value;
  return (
    <>
      {whole ? value : `${value.slice(0, SHOWN_CHARACTERS)}…`}
      <button
        type="button"
        aria-expanded={whole}
        onClick={() => setWhole(!whole)}
        className="block rounded-sm font-sans text-muted underline hover:text-ink"
      >
        {whole ? "Show less" : `Show all ${formatCountExact(value.length)} characters`}
      </button>
    </>
  );
}

/** `telemetry.sdk.language` breaks where a reader would break it. */
function Breakable({ text }: { text: string }) {
  return text.split(/(?<=[._/-])/).map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never move
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}
