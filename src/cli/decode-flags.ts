/** What `pagewright decode` takes: apart from the command, so that what it loads late can know it too. */
/** The options of the command. */
export interface DecodeFlags {
  readonly level?: '1' | '2';
  readonly dfsr?: boolean;
  readonly ifsr?: boolean;
  readonly cpu: string;
  readonly sctlr?: number;
  readonly dacr?: number;
  readonly prrr?: number;
  readonly nmrr?: number;
  readonly json?: boolean;
}
