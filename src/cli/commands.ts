import type { Command } from 'commander';
import { countUpTo, instant, seed } from './arguments.js';
import { migrateCommand } from './migrate.command.js';
import { rebuildCommand } from './rebuild.command.js';
import { refreshCommand } from './refresh.command.js';
import { sampleTrafficCommand } from './sample-traffic.command.js';
import { statusCommand } from './status.command.js';
import { verifyCommand } from './verify.command.js';

/** The command line, as a table of contents. */
export function registerCommands(program: Command): void {
  program
    .command('migrate')
    .description('apply pending migrations')
    .option('--revert', 'revert the latest one instead; only what it created is dropped')
    .option('--all', 'with --revert: revert all of them')
    .action(migrateCommand);

  program
    .command('rebuild')
    .description('recompute every closed hour of a range, and its days')
    .requiredOption('--from <ISO>', 'start, ISO 8601 with a zone', instant)
    .requiredOption('--to <ISO>', 'end (exclusive), ISO 8601 with a zone', instant)
    .option(
      '--force',
      'also below the raw floor, and also hours that would lose more than half of their requests',
    )
    .option('--reason <text>', 'kept with the request')
    .action(rebuildCommand);

  program.command('refresh').description('run one tick of both jobs now').action(refreshCommand);

  program
    .command('status')
    .description('latest buckets, jobs, stale hours')
    .option('--json', 'as JSON')
    .action(statusCommand);

  program
    .command('verify')
    .description(
      'recompute closed buckets another way and list every difference; exit code 1 if there is one',
    )
    .requiredOption('--from <ISO>', 'start, ISO 8601 with a zone', instant)
    .requiredOption('--to <ISO>', 'end (exclusive), ISO 8601 with a zone', instant)
    .option('--json', 'as JSON')
    .option('--fix', 'note every bucket with a difference for recomputation')
    .action(verifyCommand);

  program
    .command('sample-traffic')
    .description(
      'write realistic raw logs for the last days; for trying things out, never for a real gateway',
    )
    .option('--days <N>', 'how many days back from now', countUpTo(3_650), 14)
    .option('--rows <N>', 'how many successful requests', countUpTo(1_000_000_000), 300_000)
    .option('--seed <N>', 'the same seed and range give the same rows', seed, 1)
    .option('--yes-into-this-database', 'also where the raw tables hold rows of others')
    .option('--remove', 'remove all sample traffic instead, and recompute its hours')
    .action(sampleTrafficCommand);
}
