import { Command, InvalidArgumentError, Option } from 'commander';

export const PARTS = [
  'rebuild',
  'tick',
  'reads',
  'accuracy',
  'storage',
  'ingest',
  'audit',
  'growth',
  'groups',
  'present',
  'history',
  'dimensions',
  'page',
  'age',
  'soak',
] as const;
export type PartName = (typeof PARTS)[number];
export type Shape = 'sparse' | 'dense';

export interface BenchOptions {
  readonly only: readonly PartName[];
  /** Usage rows; errors come on top. */
  readonly rows: number;
  /** Whole UTC days that they are spread over, up to the last midnight. */
  readonly days: number;
  readonly workers: readonly number[];
  readonly rounds: number;
  readonly shapes: readonly Shape[];
  /** Ranges that the accuracy is measured over, of each kind. */
  readonly ranges: number;
  /** Rows of the databases that growth is measured on. */
  readonly growthRows: readonly number[];
  /** Requests a day of each step of the part present. */
  readonly perDay: readonly number[];
  /** Groups of each step of the part groups. */
  readonly groups: readonly number[];
  /** How old the database of the part age is. */
  readonly years: number;
  /** How long the part soak lasts, and how many requests it writes in a second. */
  readonly minutes: number;
  readonly perSecond: number;
  readonly seed: number;
}

/** Parts that are run only where they are asked for. */
const SLOW: ReadonlySet<PartName> = new Set([
  'growth',
  'groups',
  'present',
  'history',
  'dimensions',
  'page',
  'age',
  'soak',
]);

function positive(text: string): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (value < 1) {
    throw new InvalidArgumentError('It must be a whole number from 1 up.');
  }
  return value;
}

function parts(text: string): PartName[] {
  return text.split(',').map((name) => {
    const part = PARTS.find((known) => known === name);
    if (part === undefined) {
      throw new InvalidArgumentError(`Parts are ${PARTS.join(', ')}.`);
    }
    return part;
  });
}

const list = (text: string): number[] => text.split(',').map(positive);

/** Reads the command line; on a wrong one commander prints what is wrong and ends the process. */
export function readOptions(argv: readonly string[]): BenchOptions {
  const command = new Command('bench')
    .description(
      'Measures the rollup against the textbook job, and reads against raw rows. Markdown on stdout.',
    )
    .option(
      '--only <parts>',
      `any of ${PARTS.join(',')}; all but ${[...SLOW].join(', ')} unless given`,
      parts,
    )
    .option('--rows <count>', 'usage rows', positive, 5_000_000)
    .option('--days <count>', 'whole UTC days of the sparse shape', positive, 30)
    .option('--workers <list>', 'drain workers of the rebuild', list, [1, 2, 4])
    .option('--rounds <count>', 'rounds that a median is taken of', positive, 3)
    .addOption(
      new Option('--shape <shape>', 'of the rebuild').choices(['sparse', 'dense', 'both']).default('both'),
    )
    .option('--ranges <count>', 'ranges of each kind that the accuracy is measured over', positive, 60)
    .option('--growth-rows <list>', 'rows of each step of growth', list, [1e6, 5e6, 20e6])
    .option('--groups <list>', 'groups of each step of groups', list, [100, 1000, 10_000])
    .option('--per-day <list>', 'requests a day of each step of present', list, [1e6, 10e6, 100e6])
    .option('--years <count>', 'of history that age has', positive, 10)
    .option(
      '--minutes <count>',
      'minutes that soak writes; it ends when the last hour is closed',
      positive,
      60,
    )
    .option('--per-second <count>', 'requests that soak writes in a second', positive, 200)
    .option('--seed <number>', 'of the sample traffic and of random ranges', positive, 1)
    .addHelpText(
      'after',
      '\nrebuild: a full rebuild; tick: one tick of the jobs; reads: answers; accuracy: percentiles of ranges; storage: size;' +
        '\ningest: inserts beside a drain; audit: a full audit, and how soon it finds a hidden change; growth: rebuild and ticks' +
        '\nby rows; groups: a day by groups; present: the last hour beside traffic; history: answers over up to a year;' +
        '\nage: ticks, jobs and reads on years of history beside two months;' +
        '\nsoak: two replicas, kills and an open dashboard beside steady writing, for an hour.' +
        '\n\nThe traffic is that of the sample traffic: 40 groups on 5 platforms, and about 3.5 % errors on top of the rows.' +
        '\nBENCH_DATABASE_URL: a superuser of a server to use, in databases made for the run and dropped after it.' +
        '\nWithout it an embedded server is started in a temporary folder.',
    )
    .parse([...argv], { from: 'user' });
  const { only, shape, ...rest } = command.opts<
    Omit<BenchOptions, 'only' | 'shapes'> & { only?: PartName[]; shape: Shape | 'both' }
  >();
  return {
    ...rest,
    only: only ?? PARTS.filter((part) => !SLOW.has(part)),
    shapes: shape === 'both' ? ['sparse', 'dense'] : [shape],
  };
}
