import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError, unlessCode } from './errors.js';
import { identify, isRunning, parseIdentity } from './processes.js';

// Longer than a stop may take (30 s, then SIGQUIT) and than a crash recovery usually does.
const PATIENCE_MS = 120_000;

/** Runs `work` while no other process does so with the same lock file. Throws as acquireLock does. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const release = await acquireLock(path);
  try {
    return await work();
  } finally {
    await release();
  }
}

/**
 * Takes the lock and returns what releases it. A lock whose holder has died is taken over. Two processes that take
 * over the same dead lock at the same instant are told apart by its content, all but for a window of microseconds;
 * what is done under this lock (initdb beside and rename, PostgreSQL's own lock file) stays safe even then.
 * Throws DATA_DIR_BUSY after two minutes.
 */
export async function acquireLock(path: string): Promise<() => Promise<void>> {
  const content = `${JSON.stringify({ ...(await identify(process.pid)), nonce: nextNonce() })}\n`;
  await acquire(path, content);
  return async () => {
    if ((await unlessCode(readFile(path, 'utf8'), 'ENOENT')) === content) await rm(path, { force: true });
  };
}

async function acquire(path: string, content: string): Promise<void> {
  const draft = `${path}.${process.pid}.${nextNonce()}`;
  const deadline = Date.now() + PATIENCE_MS;
  try {
    // A link appears with its content: nobody ever reads an empty lock.
    await writeFile(draft, content);
    for (;;) {
      if (
        (await unlessCode(
          link(draft, path).then(() => true),
          'EEXIST',
        )) === true
      )
        return;
      const held = await unlessCode(readFile(path, 'utf8'), 'ENOENT');
      if (held === undefined) continue;
      const holder = parseIdentity(held);
      if (holder === undefined || !(await isRunning(holder))) {
        await removeDeadLock(path, held);
      } else if (Date.now() > deadline) {
        throw new EmbeddedPostgresError(
          'DATA_DIR_BUSY',
          `Process ${holder.pid} has held ${path} for too long while starting or stopping the database.`,
        );
      } else {
        await sleep(50);
      }
    }
  } finally {
    await rm(draft, { force: true });
  }
}

async function removeDeadLock(path: string, dead: string): Promise<void> {
  const aside = `${path}.${process.pid}.${nextNonce()}`;
  // Undefined: somebody else removed it first.
  await unlessCode(rename(path, aside), 'ENOENT');
  const removed = await unlessCode(readFile(aside, 'utf8'), 'ENOENT');
  // Somebody took over between our reading and our renaming: put the living lock back.
  if (removed !== undefined && removed !== dead) await unlessCode(link(aside, path), 'EEXIST');
  await rm(aside, { force: true });
}

let nonces = 0;

function nextNonce(): number {
  nonces += 1;
  return nonces;
}
