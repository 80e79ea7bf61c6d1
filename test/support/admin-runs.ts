import type { Refresh, Verification } from '../../src/ops/index.js';
import type { AdminClient } from './admin-client.js';
import { eventually } from './eventually.js';

/** Asks for a tick of both jobs, and waits for its end. */
export async function refreshed(client: AdminClient): Promise<Refresh> {
  const response = await client.send('post', '/admin/ops/refresh').expect(202);
  return endOf<Refresh>(client, 'refresh', (response.body as Refresh).id);
}

/** Asks for a verification, and waits for its end. */
export async function verified(client: AdminClient, request: object): Promise<Verification> {
  const response = await client.send('post', '/admin/ops/verify', request).expect(202);
  return endOf<Verification>(client, 'verify', (response.body as Verification).id);
}

/** Waits for the end of a run. */
export async function endOf<Run extends Refresh | Verification>(
  client: AdminClient,
  kind: 'refresh' | 'verify',
  id: string,
): Promise<Run> {
  return eventually(async () => {
    const run = (await client.send('get', `/admin/ops/${kind}/${id}`).expect(200)).body as Run;
    return run.state === 'running' ? null : run;
  }, `the end of ${kind} ${id}`);
}
