import Table from 'cli-table3';
import { VerifyService, type VerifyReport, type VerifyRun } from '../ops/index.js';
import { withServices } from './context.js';
import { CommandFailure } from './failures.js';
import { hoursDisplay, type HoursDisplay } from './hours-display.js';

/** Rows of a table on a terminal; --json lists all that the report holds. */
const SHOWN = 50;

interface VerifyOptions {
  readonly from: Date;
  readonly to: Date;
  readonly json?: boolean;
  readonly fix?: boolean;
}

export async function verifyCommand(options: VerifyOptions): Promise<void> {
  await withServices(async (app) => {
    const service = app.get(VerifyService, { strict: false });
    const report = await watched(options.json !== true, (run) =>
      service.verify(options.from, options.to, options.fix, run),
    );
    console.log(options.json === true ? JSON.stringify(report, null, 2) : reportText(report));
    if (report.differenceCount > 0) {
      throw new CommandFailure(
        `${report.differenceCount} differences` +
          (options.fix === true
            ? `; ${report.notedMinutes} minutes, ${report.notedHours} hours and ${report.notedDays} days noted for recomputation`
            : ''),
      );
    }
  });
}

/** Shows the progress, unless the report is for a program. */
async function watched(
  isShown: boolean,
  verify: (run: VerifyRun) => Promise<VerifyReport>,
): Promise<VerifyReport> {
  let display: HoursDisplay | undefined;
  const onProgress = ({ hours, hoursTotal }: VerifyReport): void => {
    display ??= hoursDisplay(hoursTotal);
    display.update(hours);
  };
  try {
    return await verify(isShown ? { onProgress } : {});
  } finally {
    display?.end();
  }
}

function reportText(report: VerifyReport): string {
  const parts = [
    `Verified ${report.hours} hours, ${report.from} to ${report.to}: ${report.differenceCount} differences`,
  ];
  if (report.differences.length > 0) {
    parts.push(
      tableText(
        [
          'table',
          'bucket',
          'level',
          'platform',
          'group',
          'dimension',
          'key',
          'column',
          'stored',
          'computed',
          'pending',
        ],
        report.differences.map(
          ({
            table,
            bucket,
            level,
            platform,
            groupId,
            dimension,
            key,
            column,
            stored,
            computed,
            pending,
          }) => [
            table,
            bucket,
            level,
            platform ?? '',
            groupId ?? '',
            dimension ?? '',
            key ?? '',
            column,
            stored ?? 'NULL',
            computed ?? 'NULL',
            pending ? 'yes' : '',
          ],
        ),
      ),
    );
  }
  if (report.unjudgedCount > 0) {
    parts.push(
      `${report.unjudgedCount} minutes, hours and days could not be judged, or not all of them:`,
      tableText(
        ['table', 'bucket', 'what comes from usage_logs', 'what comes from ops_error_logs'],
        report.unjudged.map(({ table, bucket, usage, errors }) => [
          table,
          bucket,
          usage ?? 'judged',
          errors ?? 'judged',
        ]),
      ),
    );
  }
  return parts.join('\n');
}

function tableText(head: string[], rows: string[][]): string {
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  table.push(...rows.slice(0, SHOWN));
  return table.toString();
}
