import type { ImportResponse } from "@/lib/api/import-contract";

interface Sent {
  readonly id: number;
  readonly name: string;
  /** null for what is no file. */
  readonly file: File | null;
  readonly service: string;
  /** Bytes that have left. */
  readonly sent: number;
}

export type Upload =
  | (Sent & { readonly state: "waiting" | "sending" | "reading" | "cancelled" })
  | (Sent & { readonly state: "done"; readonly answer: ImportResponse })
  | (Sent & { readonly state: "failed"; readonly error: string });

export type UploadAction =
  | { readonly kind: "add"; readonly uploads: readonly Upload[] }
  | { readonly kind: "progress"; readonly id: number; readonly sent: number }
  | { readonly kind: "done"; readonly id: number; readonly answer: ImportResponse }
  | { readonly kind: "failed"; readonly id: number; readonly error: string }
  | { readonly kind: "cancelled" | "retry"; readonly id: number }
  | { readonly kind: "next" | "clear" };

export function uploadsReducer(uploads: readonly Upload[], action: UploadAction): readonly Upload[] {
  switch (action.kind) {
    case "add":
      return [...uploads, ...action.uploads];
    case "progress":
      return replace(uploads, action.id, (upload) => {
        if (upload.state === "done" || upload.state === "failed" || upload.state === "cancelled")
          return upload;
        const whole = upload.file?.size ?? 0;
        return { ...upload, sent: action.sent, state: action.sent >= whole ? "reading" : "sending" };
      });
    case "done":
      return replace(uploads, action.id, (upload) => ({ ...upload, state: "done", answer: action.answer }));
    case "failed":
      return replace(uploads, action.id, (upload) => ({ ...upload, state: "failed", error: action.error }));
    case "cancelled":
      return replace(uploads, action.id, (upload) => ({ ...upload, state: "cancelled" }));
    case "retry":
      return replace(uploads, action.id, (upload) => ({ ...upload, state: "waiting", sent: 0 }));
    case "next":
      return [...uploads]; // a place is free: whoever starts them looks again
    case "clear":
      return uploads.filter(({ state }) => state === "waiting" || state === "sending" || state === "reading");
  }
}

function replace(
  uploads: readonly Upload[],
  id: number,
  change: (upload: Upload) => Upload,
): readonly Upload[] {
  return uploads.map((upload) => (upload.id === id ? change(upload) : upload));
}
