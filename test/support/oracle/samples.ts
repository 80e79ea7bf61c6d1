import * as spec from '../spec-rows.js';
import type { RawError, RawGroup, RawUsage } from './types.js';

/** Two platforms, a group with the id that counts as none, and a group of the empty platform. */
export const GROUPS: RawGroup[] = [
  { id: 0, name: 'zero', platform: 'openai' },
  { id: 1, name: 'one', platform: 'openai' },
  { id: 2, name: 'two', platform: 'anthropic' },
  { id: 3, name: 'nameless', platform: '' },
];
const AT = { createdAt: '2025-03-09T07:30:00Z' };

/** A usage row of group 1 at 07:30, empty but for what is given. */
export const usage = (row: Partial<RawUsage>): RawUsage => spec.usage({ ...AT, ...row });

/** An error row of platform openai and group 1 at 07:30, a plain 500 but for what is given. */
export const error = (row: Partial<RawError>): RawError =>
  spec.failure({ ...AT, errorOwner: 'client', ...row });
