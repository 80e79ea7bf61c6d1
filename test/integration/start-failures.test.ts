import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { runCommand } from '../support/command.js';
import { makeFolder } from '../support/embedded-postgres.js';
import { endGatewayProcesses, GatewayProcess } from '../support/gateway-process.js';

const NOWHERE = 'postgres://u:secret@127.0.0.1:1/db';

describe('a start that cannot be', () => {
  let folder: string;
  let taken: Server;
  let port: string;

  beforeAll(async () => {
    folder = await makeFolder();
    await writeFile(join(folder, 'file'), '');
    taken = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(taken, 'listening');
    port = String((taken.address() as AddressInfo).port);
  });
  afterEach(endGatewayProcesses);
  afterAll(async () => {
    taken.close();
    await rm(folder, { recursive: true });
  });

  async function start(env: Record<string, string>): Promise<{ code: number | null; output: string }> {
    const gateway = GatewayProcess.launch(NOWHERE, 'never', {
      DATABASE_URL: '',
      OPS_DATA_DIR: folder,
      ...env,
    });
    const { code } = await gateway.ended;
    return { code, output: gateway.output };
  }

  const CASES: [string, () => Record<string, string>, RegExp][] = [
    ['a % in the password', () => ({ DATABASE_URL: 'postgres://u:%zz@host/db' }), /DATABASE_URL .*%25/],
    ['a # in the password', () => ({ DATABASE_URL: 'postgres://u:secret#x@host/db' }), /DATABASE_URL .*%23/],
    ['a / in the password', () => ({ DATABASE_URL: 'postgres://u:secret/x@host/db' }), /DATABASE_URL .*%2F/],
    ['port 99999', () => ({ DATABASE_URL: 'postgres://u:secret@host:99999/db' }), /DATABASE_URL .*65535/],
    ['half an IPv6 address', () => ({ DATABASE_URL: 'postgres://u:secret@[::1/db' }), /DATABASE_URL .*host/],
    ['a server that is not there', () => ({ DATABASE_URL: NOWHERE }), /127\.0\.0\.1:1\/db .*ECONNREFUSED/],
    ['an unusable HOST', () => ({ HOST: 'nowhere.invalid' }), /HOST nowhere\.invalid/],
    ['a taken PORT', () => ({ PORT: port }), /PORT \d+ is in use: .*PORT=\d+/],
    [
      'a data folder that is a file',
      () => ({ OPS_DATA_DIR: join(folder, 'file') }),
      /\/file cannot be used .*not a directory/,
    ],
    [
      'a data folder below a file',
      () => ({ OPS_DATA_DIR: join(folder, 'file/x/y') }),
      /\/x\/y cannot be used .*not a directory/,
    ],
    ...(process.platform === 'linux'
      ? ([
          [
            'a data folder where none can be made',
            () => ({ OPS_DATA_DIR: '/proc/nope/x' }),
            /\/proc\/nope\/x cannot be used .*ENOENT/,
          ],
        ] as [string, () => Record<string, string>, RegExp][])
      : []),
  ];

  it.each(CASES)('says what and where in one line, and exits with 1: %s', async (_what, env, line) => {
    const { code, output } = await start(env());
    expect(output).toMatch(/^Cannot start: [^\n]+\n$/);
    expect(output).toMatch(line);
    expect(output).not.toContain('secret');
    expect(code).toBe(1);
  });

  it('warns of a variable that is not one of the app’s', async () => {
    const { output } = await start({ PORT: port, OPS_REFRESH_CRONS: '* * * * *' });
    expect(output).toMatch(
      /^warning: OPS_REFRESH_CRONS is not a variable of this app, and is ignored\nCannot/,
    );
    const { stderr } = await runCommand(NOWHERE, ['status'], { OPS_REFRESH_CRONS: 'x' });
    expect(stderr).toMatch(/^warning: OPS_REFRESH_CRONS .*\nerror: .*ECONNREFUSED\)\n$/);
  });

  it('exits with 2 on the command line where the input is bad', async () => {
    expect(await runCommand('postgres://u:%zz@host/db', ['status'])).toMatchObject({ code: 2, stdout: '' });
  });

  it.each(['start', 'demo'])('npm run %s notices a taken port before it builds', async (script) => {
    const { PATH = '', HOME = '' } = process.env;
    const npm = spawn('npm', ['run', '--silent', script], { env: { PATH, HOME, PORT: port } });
    let output = '';
    for (const stream of [npm.stdout, npm.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    const [code] = (await once(npm, 'close')) as [number | null];
    expect(output).toMatch(/^Cannot start: PORT \d+ is in use: .*PORT=\d+\)\n$/);
    expect(code).toBe(1);
  });
});
