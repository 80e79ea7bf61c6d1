import type pg from 'pg';
import { METRIC_COLUMNS } from '../../../src/ops/definitions/columns.js';
import type { OpsModuleOptions } from '../../../src/ops/index.js';
import type { Shape } from '../options.js';
import type { Bench } from '../support/bench.js';
import { digits, ratio } from '../support/numbers.js';
import type { Section } from '../support/report.js';
import { startOps } from '../support/ops.js';
import { interleave, type Variant } from '../support/rounds.js';
import { createScene, daysOf, resetMetrics, type Scene } from '../support/scene.js';
import { connect } from '../support/server.js';
import { TEXTBOOK } from '../support/textbook.js';

const NOTES = [
  '- Textbook: one INSERT … SELECT per UTC day, GROUPING SETS over a CTE, one percentile_cont call per column, upsert; ' +
    'hourly rows only, one connection, default settings.',
  '- Ours: a requested rebuild, from the request to its end; with the invalidation log and the daily rows. Workers ' +
    'share the hours, some of one UTC day at a time. Sets of keys (models, API keys, accounts, users) only where that is said.',
  '- Limit: the same rows by the same index, counted and summed on one connection, nothing written.',
  '- All variants wrote the same hourly counts, percentiles and maxima (compared after each round).',
];

/** What is kept beside the textbook's columns. */
const KINDS: readonly (readonly [string, OpsModuleOptions])[] = [
  ['without distributions', { distributions: false, dimensions: [] }],
  ['with distributions', { dimensions: [] }],
  ['with distributions and sets', {}],
];

/** In a transaction of its own: with a sequential scan or parallel workers it would not be that limit. */
const LIMIT = `SELECT count(*), sum(u.input_tokens::bigint + u.output_tokens + u.cache_creation_tokens
  + u.cache_read_tokens), sum(u.duration_ms), sum(u.first_token_ms)
FROM usage_logs u WHERE u.created_at >= $1 AND u.created_at < $2`;

/** Means are left out: the order of summation may change their last digit. */
const DIGEST = `SELECT md5(string_agg(md5(h::text), '' ORDER BY h)) AS digest FROM (
  SELECT bucket_start, platform, group_id, ${METRIC_COLUMNS.filter((name) => !name.includes('_avg_')).join(', ')}
  FROM ops_metrics_hourly) h`;

export async function rebuild(bench: Bench, shape: Shape): Promise<Section> {
  const scene =
    shape === 'sparse'
      ? await bench.sparse()
      : await createScene(bench.server, { ...bench.options, days: 1 });
  try {
    return await measure(bench, scene, shape);
  } finally {
    if (shape === 'dense') {
      await scene.drop();
    }
  }
}

async function measure({ options }: Bench, scene: Scene, shape: Shape): Promise<Section> {
  const closers: (() => Promise<void>)[] = [];
  try {
    const variants = await variantsOf(scene, options.workers, closers);
    const medians = await interleave(variants, options.rounds);
    const baseline = medians[0] ?? NaN;
    return {
      title: `Full rebuild, ${shape}: ${scene.rows.toLocaleString('en-US')} usage rows in ${scene.days === 1 ? 'one UTC day' : `${scene.days} UTC days`}`,
      notes: NOTES,
      head: ['variant', 'seconds', 'usage rows/s', 'against the textbook'],
      rows: variants.map(({ name }, index) => {
        const took = medians[index] ?? NaN;
        return [name, digits(took / 1000), digits((scene.rows / took) * 1000), ratio(baseline / took)];
      }),
    };
  } finally {
    await Promise.all(closers.map((close) => close()));
  }
}

/** The textbook, ours without and with distributions, and with the sets, for each number of workers, and the limit, in that order. */
export async function variantsOf(
  scene: Scene,
  workers: readonly number[],
  closers: (() => Promise<void>)[],
): Promise<Variant[]> {
  const client = await connect(scene.url);
  closers.push(() => client.end());
  let expected: string | null = null;
  const common = {
    prepare: () => resetMetrics(scene),
    check: async () => {
      const { rows } = await scene.client.query<{ digest: string | null }>(DIGEST);
      const digest = rows[0]?.digest ?? null;
      expected ??= digest;
      if (digest === null || digest !== expected) {
        throw new Error('Two variants wrote different hourly rows');
      }
    },
  };
  const variants: Variant[] = [
    {
      name: 'textbook',
      ...common,
      run: async () => {
        for (const day of daysOf(scene)) {
          await client.query(TEXTBOOK, day);
        }
      },
    },
  ];
  for (const [what, options] of KINDS) {
    for (const drainConcurrency of workers) {
      const ops = await startOps(scene, { ...options, drainConcurrency });
      closers.push(() => ops.close());
      const name = `${drainConcurrency} worker${drainConcurrency === 1 ? '' : 's'}, ${what}`;
      variants.push({ name, ...common, run: () => ops.rebuildAll() });
    }
  }
  variants.push(limitOf(scene, client));
  return variants;
}

/** What nothing that reads every usage row by time can undercut. */
export function limitOf(scene: Scene, client: pg.Client): Variant {
  return {
    name: 'limit',
    run: async () => {
      await client.query('BEGIN');
      await client.query('SET LOCAL enable_seqscan = off');
      await client.query('SET LOCAL max_parallel_workers_per_gather = 0');
      for (const day of daysOf(scene)) {
        await client.query(LIMIT, day);
      }
      await client.query('COMMIT');
    },
  };
}
