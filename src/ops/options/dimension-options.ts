import { z } from 'zod';

/** What PostgreSQL takes as an identifier without truncating it. */
export const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_$-]{0,62}$/;

const identifier = z.string().regex(IDENTIFIER, 'must be the name of a table or a column');

/** Names that an answer is broken down by already. */
const TAKEN: ReadonlySet<string> = new Set(['platform', 'group', 'error']);

const LABEL = {
  /** The table, in the schema of the raw tables. */
  table: identifier,

  /** Its column that holds what the raw column does, indexed. */
  idColumn: identifier.default('id'),

  /** Its column of what is shown. */
  labelColumn: identifier.default('name'),
};

const DIMENSION = {
  /** What it is called in questions and answers: lower case. */
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,62}$/, 'must be a word of lower-case letters, digits and _')
    .refine((name) => !TAKEN.has(name), `must not be one of ${[...TAKEN].join(', ')}`),

  /** The column of the usage log. */
  usageColumn: identifier,

  /** The column of the error log. */
  errorColumn: identifier,

  /** Where the words for its keys are, if anywhere. */
  label: z.strictObject(LABEL).readonly().optional(),

  /** Whether it is also kept within each group: rows for each key of each group. */
  withinGroups: z.boolean().default(false),

  /** How many keys of a bucket are kept by name, the busiest; the rest is one, `(other)`. */
  maxKeys: z.int().min(1).max(5_000).default(200),
};

const dimensionSchema = z.strictObject(DIMENSION).readonly();

/** A set of keys by which requests are sliced, as a host gives it. */
export type GivenDimension = z.input<typeof dimensionSchema>;

/** The same, with its defaults. */
export type DimensionOptions = z.output<typeof dimensionSchema>;

const column = (name: string, raw: string, label?: GivenDimension['label']): DimensionOptions =>
  dimensionSchema.parse({ name, usageColumn: raw, errorColumn: raw, ...(label && { label }) });

/** The columns that every gateway has. */
export const READY_MADE_DIMENSIONS = {
  model: column('model', 'model'),
  account: column('account', 'account_id', { table: 'accounts' }),
  api_key: column('api_key', 'api_key_id', { table: 'api_keys' }),
  user: column('user', 'user_id', { table: 'users', labelColumn: 'username' }),
} as const;

export type ReadyMadeDimension = keyof typeof READY_MADE_DIMENSIONS;

const READY_MADE_NAMES = Object.keys(READY_MADE_DIMENSIONS) as [ReadyMadeDimension, ...ReadyMadeDimension[]];

const resolved = (given: ReadyMadeDimension | DimensionOptions): DimensionOptions =>
  typeof given === 'string' ? READY_MADE_DIMENSIONS[given] : given;

export const DEFAULT_DIMENSIONS: readonly ReadyMadeDimension[] = ['model', 'account'];

/** A list of sets: names of ready-made ones, and others of the host's. */
export const dimensionsSchema = z
  .array(
    z.union([z.enum(READY_MADE_NAMES), dimensionSchema], {
      error: `must be one of ${READY_MADE_NAMES.join(', ')}, or a set with name, usageColumn and errorColumn`,
    }),
  )
  .max(20)
  .transform((given) => given.map(resolved))
  .refine((sets) => new Set(sets.map(({ name }) => name)).size === sets.length, 'must not have a name twice')
  .readonly();
