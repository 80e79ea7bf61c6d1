import Table from 'cli-table3';
import { StatusService, type OpsStatus } from '../ops/index.js';
import { withServices } from './context.js';

export async function statusCommand(options: { json?: boolean }): Promise<void> {
  await withServices(async (app) => {
    const status = await app.get(StatusService, { strict: false }).status();
    console.log(options.json === true ? JSON.stringify(status, null, 2) : statusText(status));
  });
}

function statusText(status: OpsStatus): string {
  const { invalidations, latestBuckets, live, rows } = status;
  const facts: [string, string][] = [
    ['closed through', status.closedThrough],
    ['latest hour', latestBuckets.hourly ?? 'none'],
    ['latest day', latestBuckets.daily ?? 'none'],
    ['minutes', minutesText(live)],
    ['minutely rows', rows.minutely],
    ['hourly rows', rows.hourly],
    ['daily rows', rows.daily],
    ['pending minutes', String(invalidations.pendingMinutes)],
    ['pending hours', `${invalidations.pending}${since(invalidations.oldestPendingSince)}`],
    ['pending days', String(invalidations.pendingDays)],
    ['waiting to close', String(invalidations.waitingToClose)],
    ['failing buckets', String(invalidations.failing)],
    ['held back', String(invalidations.suspicious)],
    ['losing rows', String(invalidations.losing)],
    ['raw floor', status.rawFloor ?? 'none'],
    ['audited since', auditedSince(status)],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  const parts = [facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')];
  if (status.jobs.length > 0) {
    parts.push(
      table(
        ['job', 'last run', 'last success', 'ms', 'last error'],
        status.jobs.map((job) => [
          job.jobName,
          job.lastRunAt ?? '',
          job.lastSuccessAt ?? '',
          job.lastDurationMs ?? '',
          job.lastError === null ? '' : `${job.lastErrorAt ?? ''} ${job.lastError}`,
        ]),
      ),
    );
  }
  if (status.rawTables.length > 0) {
    parts.push(
      table(
        ['raw table', 'safe id', 'late rows', 'below floor', 'held back by'],
        status.rawTables.map((raw) => [
          raw.rawTable,
          raw.safeId,
          raw.lateRows,
          raw.belowFloorRows,
          raw.heldSince === null ? '' : `${raw.heldBy ?? ''}, noticed at ${raw.heldSince}`,
        ]),
      ),
    );
  }
  const troubled = [...status.failingBuckets, ...status.suspiciousBuckets, ...status.losingBuckets];
  if (troubled.length > 0) {
    parts.push(
      table(
        ['bucket', 'attempts', 'held back since', 'losing rows since', 'last error'],
        troubled.map((bucket) => [
          `${bucket.tier} ${bucket.bucketStart}`,
          String(bucket.attempts),
          bucket.suspiciousSince ?? '',
          bucket.losingSince ?? '',
          bucket.lastError ?? '',
        ]),
      ),
    );
  }
  if (status.changedGroups.length > 0) {
    parts.push(
      table(
        ['group', 'now', 'its history is under', 'noticed at'],
        status.changedGroups.map((group) => [
          group.groupId,
          group.platform ?? 'deleted',
          group.previousPlatform ?? '',
          group.changedAt,
        ]),
      ),
    );
  }
  return parts.join('\n\n');
}

function minutesText({ minutesFrom, liveThrough, lagSeconds }: OpsStatus['live']): string {
  return minutesFrom === null || liveThrough === null || lagSeconds === null
    ? 'none'
    : `complete from ${minutesFrom} to ${liveThrough}, ${lagSeconds.toFixed(1)} s ago`;
}

function auditedSince({ audit }: OpsStatus): string {
  const history = audit.find(({ lane }) => lane === 'history');
  return (
    history?.auditedSince ??
    (history?.position == null ? 'never' : `first round, down to ${history.position}`)
  );
}

const since = (time: string | null): string => (time === null ? '' : `, the oldest noted at ${time}`);

function table(head: string[], rows: string[][]): string {
  const text = new Table({ head, style: { head: [], border: [], compact: true } });
  text.push(...rows);
  return text.toString();
}
