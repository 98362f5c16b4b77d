import type { SeenLink, SeenMachine } from '../../core/seen-talos.ts';

/** `Dell Inc., PowerEdge R640, 1x Xeon Gold (16 cores), 64 GiB`. */
export function machineText(machine: SeenMachine): string {
  const [first] = machine.processors;
  const cores = machine.processors.reduce((sum, one) => sum + one.cores, 0);
  const cpu = first === undefined ? '' : `${machine.processors.length}x ${first.model || 'CPU'} (${cores} cores)`;
  const memory = machine.memoryMiB === 0 ? '' : `${Math.round(machine.memoryMiB / 1024)} GiB`;
  const disk = machine.systemDisk === undefined ? '' : `Talos on ${machine.systemDisk}`;
  return [machine.manufacturer, machine.product, cpu, memory, disk].filter(Boolean).join(', ');
}

export function linkText({ name, mac, up, speedMbit, driver }: SeenLink): string {
  const speed = speedMbit === undefined ? '' : speedMbit >= 1000 ? `${speedMbit / 1000} Gbit/s` : `${speedMbit} Mbit/s`;
  return [name, mac, up ? 'up' : 'down', speed, driver].filter(Boolean).join(' ');
}
