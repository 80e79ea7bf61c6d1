import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isAlive, makeFolder, readPostmasterPid, removeFolder } from '../support/embedded-postgres.js';
import { eventually } from '../support/eventually.js';
import { endGatewayProcesses, GatewayProcess } from '../support/gateway-process.js';

describe('two apps on one data folder', () => {
  let folder: string;
  let dataDir: string;

  beforeEach(async () => {
    folder = await makeFolder();
    dataDir = join(folder, 'data');
  });
  afterEach(async () => {
    await endGatewayProcesses();
    await removeFolder(folder, dataDir);
  });

  const start = (): Promise<GatewayProcess> =>
    GatewayProcess.start('postgres://unused/unused', 'shared', { DATABASE_URL: '', OPS_DATA_DIR: dataDir });
  const isReady = async (gateway: GatewayProcess): Promise<boolean> =>
    (await gateway.ask('GET', '/ready'))[0] === 200;

  it('the second goes on when the first has stopped, and stops the server in its turn', async () => {
    const first = await start();
    const second = await start();
    const pid = Number(await readPostmasterPid(dataDir));

    first.signal('SIGTERM');
    expect(await first.ended).toEqual({ code: 0, signal: null });
    expect(await isReady(second)).toBe(true);
    expect((await second.ask('POST', '/admin/ops/refresh'))[0]).toBe(202);
    expect(await readPostmasterPid(dataDir)).toBe(pid);

    second.signal('SIGTERM');
    expect(await second.ended).toEqual({ code: 0, signal: null });
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(join(dataDir, 'postgres/postmaster.pid'))).toBe(false);
  }, 120_000);

  it('the second stops the server of a first one that was killed', async () => {
    const first = await start();
    const second = await start();
    await first.kill();
    expect(await isReady(second)).toBe(true);
    second.signal('SIGTERM');
    expect(await second.ended).toEqual({ code: 0, signal: null });
    expect(existsSync(join(dataDir, 'postgres/postmaster.pid'))).toBe(false);
  }, 120_000);

  it('an app starts a server again that was killed', async () => {
    const gateway = await start();
    process.kill(Number(await readPostmasterPid(dataDir)), 'SIGKILL');
    await eventually(async () => !(await isReady(gateway)), 'not ready');
    await eventually(() => isReady(gateway), 'ready again');
    gateway.signal('SIGTERM');
    expect(await gateway.ended).toEqual({ code: 0, signal: null });
    await rm(dataDir, { recursive: true });
  }, 120_000);
});
