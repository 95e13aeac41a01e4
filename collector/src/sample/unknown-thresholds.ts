// Which services send spans whose sampling threshold nobody knows; the page names the fix.

/** Services listed; a limit, because names come from senders. */
const MAX_SERVICES = 256;

/** Kept spans without a known threshold, by service. Beyond the limit they are counted in all only. */
export class UnknownThresholds {
  readonly byService = new Map<string, number>();

  add(service: string): void {
    const known = this.byService.get(service);
    if (known !== undefined || this.byService.size < MAX_SERVICES) this.byService.set(service, (known ?? 0) + 1);
  }
}
