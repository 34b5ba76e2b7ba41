/** What `pagewright conform` takes: apart from the command, so that what it loads late can know it too. */
/** The options of the command. */
export interface ConformFlags {
  readonly json?: boolean;
  readonly exitZero?: boolean;
}
