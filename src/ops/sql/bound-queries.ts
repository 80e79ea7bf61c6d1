import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { QueryFailedError, type DataSource, type EntityManager, type QueryRunner } from 'typeorm';

/**
 * The connection is gone, or was given up since no answer came; with its transaction, which the server rolls back. Or
 * there was none to be had. The driver's error, with its SQLSTATE where the server gave one, is the `driverError`.
 */
export class LostConnectionError extends QueryFailedError {
  public constructor(query: string, driverError: Error, what = 'The connection to the database was lost') {
    super(query, undefined, driverError);
    const { code } = driverError as { code?: unknown };
    this.message = `${what}: ${driverError.message}${typeof code === 'string' ? ` (${code})` : ''}`;
  }
}

/** What is used of pg's client, where TypeORM was given that driver and no other. */
type Connection = EventEmitter & { readonly connection?: { readonly stream?: Duplex } };

/** Why a query runner has no connection any more. */
const losses = new WeakMap<QueryRunner, Error>();

type Query = (text: string, values?: unknown, useStructuredResult?: boolean) => Promise<unknown>;

export interface QueryBound {
  /** Milliseconds, above the server's own limits. */
  readonly limitMs: number;
  /** Called whenever a query has succeeded. */
  readonly onAnswer?: (() => void) | undefined;
}

/**
 * Gives every query of a query runner a limit of this process's own. The server's limits do not help where its answer
 * cannot get here: behind a peer that is gone or a firewall that forgot the connection, a query would wait for ever.
 * After its limit the query rejects with a LostConnectionError and its connection is closed, never returned to the pool;
 * so does every later one. The wait for a connection of the pool counts.
 */
export function boundQueries(runner: QueryRunner, { limitMs, onAnswer }: QueryBound): QueryRunner {
  const send = runner.query.bind(runner) as Query;
  const release = runner.release.bind(runner);
  let connection: Connection | undefined;

  const onError = (error: Error): void => {
    if (!losses.has(runner)) losses.set(runner, error);
  };
  const connect = async (): Promise<void> => {
    if (connection === undefined) {
      connection = (await runner.connect().catch((error: unknown) => {
        throw new LostConnectionError('', error as Error, 'There is no connection to the database');
      })) as Connection;
      connection.on('error', onError);
    }
  };
  const giveUp = (): Error => {
    const lost = losses.get(runner) ?? new Error(`no answer within ${limitMs} ms`);
    losses.set(runner, lost);
    if (connection === undefined) {
      void releaseLate(runner);
    } else {
      // The driver's own way: it fails the query, and TypeORM takes the connection out of the pool.
      connection.connection?.stream?.destroy(lost);
    }
    return lost;
  };

  runner.query = (async (text: string, ...rest: [unknown?, boolean?]): Promise<unknown> => {
    const lost = losses.get(runner);
    if (lost !== undefined) {
      throw new LostConnectionError(text, lost);
    }
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new LostConnectionError(text, giveUp()));
      }, limitMs);
    });
    try {
      const answer = await Promise.race([connect().then(() => send(text, ...rest)), silence]);
      onAnswer?.();
      return answer;
    } catch (error) {
      throw isFarewell(error) ? new LostConnectionError(text, error.driverError) : error;
    } finally {
      clearTimeout(timer);
    }
  }) as QueryRunner['query'];
  runner.release = async () => {
    connection?.off('error', onError);
    await release();
  };
  return runner;
}

/** The server's last words on a connection that it ends: they may come as the answer to a query. */
function isFarewell(error: unknown): error is QueryFailedError {
  return (
    error instanceof QueryFailedError &&
    !(error instanceof LostConnectionError) &&
    /^(?:57P0[12]|08...)$/.test(String((error.driverError as { code?: unknown }).code))
  );
}

/** A connection that the pool hands over when nobody waits for it any more must go back: TypeORM would keep it. */
async function releaseLate(runner: QueryRunner): Promise<void> {
  try {
    await runner.connect();
  } catch {
    return; // none was handed over
  }
  // Released before it had anything to give back.
  (runner as { isReleased: boolean }).isReleased = false;
  await runner.release();
}

/** One READ COMMITTED transaction whose every query, its COMMIT included, is bound as {@link boundQueries} does. */
export async function boundTransaction<T>(
  dataSource: DataSource,
  bound: QueryBound,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  const runner = boundQueries(dataSource.createQueryRunner(), bound);
  try {
    return await runner.manager.transaction('READ COMMITTED', work);
  } catch (error) {
    // Of a connection that broke between two statements TypeORM only says that its query runner was released.
    const lost = losses.get(runner);
    throw lost === undefined || error instanceof QueryFailedError ? error : new LostConnectionError('', lost);
  } finally {
    await runner.release();
  }
}
