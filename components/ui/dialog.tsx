"use client";
import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useRef } from "react";
import { cn } from "./cn";
import { IconButton } from "./icon-button";
import { popoverSurface } from "./popover";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  /** One sentence under the title. */
  description: ReactNode;
  children: ReactNode;
}

/** A form over the page. It scrolls inside itself where it is higher than the window. */
export function Dialog({ open, onOpenChange, title, description, children }: DialogProps) {
  const opener = useRef<Element | null>(null);
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/30 dark:bg-black/60" />
        <Radix.Content
          onOpenAutoFocus={(event) => {
            opener.current = document.activeElement;
            // The first thing to do is to type, not to close.
            const field =
              event.currentTarget instanceof HTMLElement ? event.currentTarget.querySelector("input") : null;
            if (field === null) return;
            event.preventDefault();
            field.focus();
          }}
          onCloseAutoFocus={(event) => {
            // Without a trigger of its own the dialog would leave the keyboard at the top of the page.
            event.preventDefault();
            if (opener.current instanceof HTMLElement) opener.current.focus();
          }}
          className={cn(
            popoverSurface,
            "-translate-x-1/2 fixed top-[6vh] left-1/2 flex max-h-[88vh] w-[min(40rem,calc(100vw-1.5rem))] flex-col",
          )}
        >
          <div className="flex items-start gap-2 border-line border-b px-4 py-3">
            <div className="mr-auto">
              <Radix.Title className="font-medium text-md">{title}</Radix.Title>
              <Radix.Description className="text-muted text-sm">{description}</Radix.Description>
            </div>
            <Radix.Close asChild>
              <IconButton label="Close">
                <X aria-hidden />
              </IconButton>
            </Radix.Close>
          </div>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
