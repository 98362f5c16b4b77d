/** How far a boot of the host had come at some moment. */
export interface HostBoot {
  /** Made anew by the kernel at each boot. */
  readonly id: string;
  /** Since that boot, the host's sleep with it. Nobody sets it. */
  readonly uptimeMs: number;
  /**
   * How much of that the processor's own clock stood still; it never gets less. A container may tell an uptime of its own,
   * which begins anew within a boot of its host: then it does.
   */
  readonly sleptMs: number;
}
