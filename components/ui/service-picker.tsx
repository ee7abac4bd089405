"use client";
import { useAllServices } from "@/components/data/use-services";
import { Combobox } from "./combobox";
import { ServiceName } from "./service-dot";

interface ServicePickerProps {
  /** null: all services. */
  value: string | null;
  onChange: (service: string | null) => void;
  /** Offers "All services"; default true. */
  clearable?: boolean;
  className?: string;
}

export function ServicePicker({ value, onChange, clearable = true, className }: ServicePickerProps) {
  const { data, isPending } = useAllServices();
  const options = (data?.services ?? []).map((service) => ({
    value: service.name,
    text: service.name,
    label: <ServiceName name={service.name} className="max-w-full align-middle" />,
    detail: service.language,
  }));
  return (
    <Combobox
      label="Service"
      value={value}
      options={options}
      onChange={onChange}
      placeholder={clearable ? "All services" : "Choose a service"}
      clearLabel={clearable ? "All services" : undefined}
      loading={isPending}
      className={className}
    />
  );
}
