/** What `pagewright run` takes: apart from the command, so that what it loads late can know it too. */
/** The options of the command. */
export interface RunFlags {
  readonly json?: boolean;
  readonly exitZero?: boolean;
  readonly events?: boolean;
}
