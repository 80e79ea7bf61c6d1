/** Which rows count: everything, one platform, one group (under every platform, or under one). */
export interface LevelFilter {
  /** As stored, `unknown` for errors without one. */
  readonly platform?: string;
  /** A bigint as decimal text, never 0: that is no group. */
  readonly groupId?: string;
}

/** By what an answer is broken down. */
export type BreakdownBy = 'platform' | 'group';
