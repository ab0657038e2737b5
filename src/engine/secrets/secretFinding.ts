/** Where a secret stands, in UTF-16 units; never the secret itself. */
export interface SecretFinding {
  /** Which rule found it, such as `github-token`. */
  readonly rule: string;
  readonly start: number;
  readonly end: number;
}
