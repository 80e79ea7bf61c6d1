import { describe, expect, it } from '@jest/globals';
import { EnvironmentError } from '../../src/config/environment.js';
import { EmbeddedPostgresError } from '../../src/database/embedded/index.js';
import { describeStartFailure } from '../../src/describe-start-failure.js';

const withCode = (code: string): Error => Object.assign(new Error('connect ECONNREFUSED ::1:5432'), { code });

describe('describeStartFailure', () => {
  it('repeats what an environment error says, without a stack', () => {
    expect(describeStartFailure(new EnvironmentError(['PORT must not be less than 0', 'HOST is odd']))).toBe(
      'Cannot start: PORT must not be less than 0; HOST is odd',
    );
  });

  it('repeats what the embedded database says', () => {
    const error = new EmbeddedPostgresError('STOP_FAILED', 'The server would not stop.');
    expect(describeStartFailure(error)).toBe(`Cannot start: ${error.message}`);
  });

  it.each([
    ['ECONNREFUSED', 'DATABASE_URL'],
    ['ENOTFOUND', 'host of DATABASE_URL'],
    ['ETIMEDOUT', 'does not answer'],
    ['28P01', 'password'],
    ['28000', 'may not log in'],
    ['3D000', 'does not exist'],
    ['EADDRINUSE', 'PORT'],
  ])('says in one line how to mend %s, and names the code', (code, words) => {
    const line = describeStartFailure(withCode(code));
    expect(line).toMatch(/^Cannot start: .+$/);
    expect(line).toContain(words);
    expect(line).toContain(`(${code})`);
    expect(line).not.toContain('\n');
  });

  it('gives the stack of what nobody foresaw', () => {
    const error = new TypeError('not foreseen');
    expect(describeStartFailure(error)).toBe(error.stack);
    expect(describeStartFailure(withCode('toString'))).toContain('connect ECONNREFUSED');
  });

  it.each([
    ['a string', 'plain', 'plain'],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
  ])('survives %s being thrown', (_what, thrown, line) => {
    expect(describeStartFailure(thrown)).toBe(line);
  });
});
