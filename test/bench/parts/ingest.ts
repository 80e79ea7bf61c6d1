import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, Part } from '../support/bench.js';
import { digits, ms, quantile, timed } from '../support/numbers.js';
import { rollUp, withOps, type Ops } from '../support/ops.js';
import { progress, type Section } from '../support/report.js';
import type { Scene } from '../support/scene.js';

const INSERTS = 2000;
/** For the drain to have begun. */
const HEAD_START_MS = 50;

const INSERT = `INSERT INTO usage_logs (user_id, api_key_id, account_id, request_id, model, group_id, input_tokens,
  output_tokens, total_cost, actual_cost, stream, duration_ms, first_token_ms)
VALUES (1, 1, 1, 'bench', 'bench', (SELECT min(id) FROM groups), 500, 200, 0.01, 0.01, true, 1200, 150)`;

async function insertLatencies(scene: Scene): Promise<number[]> {
  const times: number[] = [];
  for (let row = 0; row < INSERTS; row += 1) {
    times.push(await timed(() => scene.client.query(INSERT)));
  }
  return times;
}

/** Inserts while the module recomputes everything, again and again until the inserts are through. */
async function whileDraining(scene: Scene, ops: Ops): Promise<number[]> {
  const inserts = { done: false };
  const draining = (async () => {
    while (!inserts.done) {
      await ops.rebuildAll();
    }
  })();
  try {
    await sleep(HEAD_START_MS);
    return await insertLatencies(scene);
  } finally {
    inserts.done = true;
    await draining;
  }
}

export const ingest: Part = async ({ sparse, options }: Bench): Promise<Section> => {
  const scene = await sparse();
  return withOps(scene, { drainConcurrency: 1 }, (one) =>
    withOps(scene, { drainConcurrency: 2 }, async (two) => {
      await rollUp(scene, two);
      const variants: { name: string; run: () => Promise<number[]>; times: number[] }[] = [
        { name: 'refresher idle', run: () => insertLatencies(scene), times: [] },
        { name: 'draining, 1 worker', run: () => whileDraining(scene, one), times: [] },
        { name: 'draining, 2 workers', run: () => whileDraining(scene, two), times: [] },
      ];
      for (let round = 1; round <= options.rounds; round += 1) {
        for (const { name, run, times } of variants) {
          progress(`ingest: round ${round} of ${options.rounds}: ${name}`);
          times.push(...(await run()));
        }
      }
      return {
        title: 'Ingest',
        notes: [
          `Latency of single-row INSERTs into usage_logs, each its own transaction, one client, ` +
            `${digits(INSERTS * options.rounds)} of each. The client runs in the process of the refresher, and ` +
            'the drain takes a core for each worker.',
        ],
        head: ['', 'p50', 'p99', 'max'],
        rows: variants.map(({ name, times }) => [
          name,
          ...[0.5, 0.99, 1].map((fraction) => ms(quantile(times, fraction))),
        ]),
      };
    }),
  );
};
