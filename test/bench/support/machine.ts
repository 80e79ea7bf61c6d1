import { cpus, loadavg, totalmem } from 'node:os';
import { connect, type BenchServer } from './server.js';
import type { BenchOptions } from '../options.js';

const SETTINGS = [
  'shared_buffers',
  'work_mem',
  'max_wal_size',
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'jit',
  'max_parallel_workers_per_gather',
];

/** What the numbers depend on, as a Markdown heading and list. */
export async function describeRun(server: BenchServer, options: BenchOptions): Promise<string> {
  const client = await connect(server.url);
  try {
    const { rows } = await client.query<{ name: string; value: string }>(
      'SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS name',
      [['server_version', ...SETTINGS]],
    );
    const [version, ...settings] = rows;
    const { rows: sample, days, rounds, seed } = options;
    return [
      '# Benchmark',
      '',
      `- Date: ${new Date().toISOString().slice(0, 10)}`,
      `- Machine: ${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, ` +
        `${(totalmem() / 2 ** 30).toFixed(1)} GiB of memory, Node.js ${process.versions.node}; ` +
        `load average before the run ${(loadavg()[0] ?? 0).toFixed(1)}`,
      `- PostgreSQL ${version?.value ?? 'unknown'} (${server.kind}), ` +
        settings.map(({ name, value }) => `${name} = ${value}`).join(', '),
      `- Data: ${sample.toLocaleString('en-US')} usage rows over ${days} whole UTC days, 40 groups, 5 platforms, ` +
        `errors on top, seed ${seed}`,
      `- Medians of ${rounds} round${rounds === 1 ? '' : 's'}; the variants of a comparison take turns within each round`,
      '',
    ].join('\n');
  } finally {
    await client.end();
  }
}
