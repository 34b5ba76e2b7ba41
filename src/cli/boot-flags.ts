/** What `pagewright boot` takes: apart from the command, so that what it loads late can know it too. */

/** The processors that there is a board for. */
export const CPU_CHOICES = ['a7', 'a15', 'a9'] as const;
/** The policies by which a page is chosen to go. */
export const POLICY_CHOICES = ['fifo', 'clock', 'second-chance', 'lru', 'lfu', 'random'] as const;
/** How the RAM of the guest is reached. */
export const ACCESS_CHOICES = ['auto', 'mapped', 'file'] as const;

/** The options of the command. */
export interface BootFlags {
  readonly cpu: (typeof CPU_CHOICES)[number];
  readonly ram: number;
  readonly stack: number;
  readonly frames?: number;
  readonly policy: (typeof POLICY_CHOICES)[number];
  readonly arg: readonly string[];
  readonly access: (typeof ACCESS_CHOICES)[number];
  readonly timeout?: number;
  readonly events?: boolean;
  readonly json?: boolean;
  readonly exitZero?: boolean;
}
