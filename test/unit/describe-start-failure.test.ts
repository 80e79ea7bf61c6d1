import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { QueryFailedError, QueryRunnerAlreadyReleasedError } from 'typeorm';
import { QueryRunnerProviderAlreadyReleasedError } from 'typeorm';
import { EnvironmentError, readEnvironment } from '../../src/config/environment.js';
import { DatabaseConnectionError } from '../../src/database/database-connection.error.js';
import { EmbeddedPostgresError } from '../../src/database/embedded/index.js';
import { describeStartFailure } from '../../src/server/describe-start-failure.js';
import { ListenError } from '../../src/server/listen.js';

const withCode = (code: string): Error => Object.assign(new Error('connect ECONNREFUSED ::1:5432'), { code });

describe('describeStartFailure', () => {
  it('repeats what an environment error says, without a stack', () => {
    expect(describeStartFailure(new EnvironmentError(['PORT must not be less than 0', 'HOST is odd']))).toBe(
      'Cannot start: PORT must not be less than 0; HOST is odd',
    );
  });

  it('repeats what the embedded database says', () => {
    const error = new EmbeddedPostgresError('The server would not stop.');
    expect(describeStartFailure(error)).toBe(`Cannot start: ${error.message}`);
  });

  it.each([
    ['ECONNREFUSED', 'nothing listens'],
    ['ENOTFOUND', 'cannot be resolved'],
    ['ETIMEDOUT', 'does not answer'],
    ['28P01', 'password is wrong'],
    ['28000', 'may not log in'],
    ['3D000', 'does not exist'],
    ['57P03', 'takes no connections'],
    ['XX000', 'connect ECONNREFUSED'],
  ])('says in one line where a database answers %s, and never the password', (code, words) => {
    for (const url of [
      'postgres://u:secret@there:5432/db?password=secret',
      'postgres://u:secret@there:5432/db',
    ]) {
      const error = new DatabaseConnectionError({ type: 'postgres', url }, withCode(code));
      const line = describeStartFailure(error);
      expect(line).toMatch(/^Cannot start: cannot connect to there:5432\/db \(DATABASE_URL\): .+$/);
      expect(line).toContain(words);
      expect(line).toContain(`(${code})`);
      expect(line).not.toMatch(/secret|\n/);
    }
  });

  it.each([
    ['EADDRINUSE', 'PORT 3000 is in use', 'PORT=3001'],
    ['EACCES', 'PORT 3000 may not be used', 'above 1023'],
    ['ENOTFOUND', 'HOST 127.0.0.1 cannot be resolved', '0.0.0.0'],
    ['EADDRNOTAVAIL', 'HOST 127.0.0.1 is no address', '0.0.0.0'],
    ['EMFILE', 'HOST 127.0.0.1, PORT 3000', 'cannot be listened at'],
  ])('says in one line that it cannot listen: %s', (code, what, cure) => {
    const line = describeStartFailure(new ListenError(readEnvironment({}), withCode(code)));
    expect(line).toMatch(/^Cannot start: .+$/);
    expect(line).toContain(what);
    expect(line).toContain(cure);
    expect(line).toContain(`(${code})`);
  });

  it.each([
    ['a full disk', Object.assign(new Error('could not extend file'), { code: '53100' }), 'extend file'],
    ['a read-only server', Object.assign(new Error('cannot execute'), { code: '25006' }), '25006'],
    ['a lost connection', new Error('Connection terminated unexpectedly'), 'terminated'],
  ])('says in one line that the server failed: %s', (_what, driverError, words) => {
    const line = describeStartFailure(new QueryFailedError('SELECT 1', [], driverError));
    expect(line).toMatch(/^Cannot start: the database failed: .+$/);
    expect(line).toContain(words);
  });

  it('says in one line what TypeORM only calls a released query runner', () => {
    for (const error of [
      new QueryRunnerAlreadyReleasedError(),
      new QueryRunnerProviderAlreadyReleasedError(),
    ]) {
      expect(describeStartFailure(error)).toBe(
        'Cannot start: the connection to the database was lost in a transaction',
      );
    }
  });

  it('gives the stack of a statement that is wrong', () => {
    const driverError = Object.assign(new Error('syntax error'), { code: '42601' });
    const error = new QueryFailedError('SELEC', [], driverError);
    expect(describeStartFailure(error)).toBe(error.stack);
  });

  it('repeats what the operating system refused', async () => {
    const error: unknown = await readFile('/nowhere/at-all').catch((caught: unknown) => caught);
    expect(describeStartFailure(error)).toMatch(/^Cannot start: ENOENT.*\/nowhere\/at-all'$/);
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
