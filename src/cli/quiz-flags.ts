/** The options of the command. */
export interface QuizFlags {
  readonly seed: number;
  readonly count: number;
  readonly solve?: boolean;
  readonly answer?: string;
  readonly json?: boolean;
}
