import Table from 'cli-table3';
import { VerifyService, type VerifyReport } from '../ops/index.js';
import { withServices } from './context.js';
import { CommandFailure } from './failures.js';

/** Rows of the table on a terminal; --json lists all that the report holds. */
const SHOWN_DIFFERENCES = 50;

interface VerifyOptions {
  readonly from: Date;
  readonly to: Date;
  readonly json?: boolean;
  readonly fix?: boolean;
}

export async function verifyCommand(options: VerifyOptions): Promise<void> {
  await withServices(async (app) => {
    const report = await app
      .get(VerifyService, { strict: false })
      .verify(options.from, options.to, options.fix);
    console.log(options.json === true ? JSON.stringify(report, null, 2) : reportText(report));
    if (report.differenceCount > 0) {
      throw new CommandFailure(
        `${report.differenceCount} differences` +
          (options.fix === true ? `; ${report.notedHours} hours noted for recomputation` : ''),
      );
    }
  });
}

function reportText(report: VerifyReport): string {
  const skipped =
    report.hoursBelowFloor === 0 ? '' : `, ${report.hoursBelowFloor} below the raw floor left out`;
  const head = `Verified ${report.hours} hours, ${report.from} to ${report.to}${skipped}: ${report.differenceCount} differences`;
  if (report.differences.length === 0) {
    return head;
  }
  const table = new Table({
    head: ['bucket', 'level', 'platform', 'group', 'column', 'stored', 'computed', 'pending'],
    style: { head: [], border: [], compact: true },
  });
  for (const difference of report.differences.slice(0, SHOWN_DIFFERENCES)) {
    table.push([
      difference.bucket,
      difference.level,
      difference.platform ?? '',
      difference.groupId ?? '',
      difference.column,
      difference.stored ?? 'NULL',
      difference.computed ?? 'NULL',
      difference.pending ? 'yes' : '',
    ]);
  }
  return `${head}\n${table.toString()}`;
}
