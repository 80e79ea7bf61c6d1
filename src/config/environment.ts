import { z } from 'zod';
import { check, opsOptionsSchema, type OpsOptions } from '../ops/index.js';
import { databaseUrl } from './database-url.js';
import { describedValues, optionVariable, readVariables, type Variable } from './variables.js';

/** The variables of the gateway app itself. A blank one counts as not set. */
const VARIABLES = {
  /** Any PostgreSQL 14 or newer. Not set: the embedded one. */
  DATABASE_URL: databaseUrl.optional(),

  /** Connections of the pool. */
  DATABASE_POOL_SIZE: z.int().min(2).max(500).default(10),

  /** Whether pending migrations are applied at start. Default: only to the embedded database. */
  OPS_MIGRATE_AT_START: z.boolean().optional(),

  /** Where the embedded database and the admin token made for it are kept. */
  OPS_DATA_DIR: z.string().default('.data'),

  /** Bearer token of the admin endpoints; needed with DATABASE_URL, made with the embedded database. */
  OPS_ADMIN_TOKEN: z
    .string()
    .min(32)
    // Any other character could not be sent in an Authorization header: nobody would ever get in.
    .regex(/^[\x21-\x7e]*$/, 'must consist of ASCII characters, without blanks')
    .optional(),

  /** Whether `GET /metrics` is served, to everybody who reaches the port. */
  OPS_METRICS_ENDPOINT: z.boolean().default(true),

  /** Address to listen on. */
  HOST: z.string().default('127.0.0.1'),

  /** Port to listen on; 0 chooses a free one. */
  PORT: z.int().min(0).max(65_535).default(3000),

  /** What is logged: this and everything that is more urgent. A command logs warnings, unless this says otherwise. */
  LOG_LEVEL: z.enum(['error', 'warn', 'log', 'debug', 'verbose']).default('log'),

  /** How it is written: lines for people, or JSON lines. */
  LOG_FORMAT: z.enum(['text', 'json']).default('text'),
};

type Variables = { readonly [Name in keyof typeof VARIABLES]: z.output<(typeof VARIABLES)[Name]> };

/** What the environment says: the app's own variables, and the options of OpsModule. */
export interface Environment extends Variables {
  readonly options: OpsOptions;
}

const appSchema = z.object(VARIABLES);
const environmentSchema = appSchema.extend({
  options: opsOptionsSchema.prefault({}),
}) as z.ZodType<Environment>;

/** Every variable that this app reads. */
export const environmentVariables: readonly Variable[] = [
  ...describedValues(appSchema).map((value) => ({ ...value, name: value.path.join('.') })),
  ...describedValues(opsOptionsSchema).flatMap(({ path, described }) => {
    const name = optionVariable(path.join('.'));
    return name === null ? [] : [{ name, path: ['options', ...path], described }];
  }),
];

/** An environment variable is wrong; the message names it and says what was expected. */
export class EnvironmentError extends Error {
  public constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.name = 'EnvironmentError';
  }
}

/** The variable that sets a field, or the list or object that the field is in, which then is named too. */
function named(field: string): string {
  for (const { name, path } of environmentVariables) {
    const variable = path.join('.');
    if (field === variable || field.startsWith(`${variable}.`)) {
      return `${name}${field.slice(variable.length)}`;
    }
  }
  return field;
}

/** @throws EnvironmentError naming each wrong variable */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const { value, problems } = check(environmentSchema, readVariables(environmentVariables, env));
  if (problems !== undefined) {
    throw new EnvironmentError(problems.map(({ field, expected }) => `${named(field)} ${expected}`));
  }
  return value;
}

/** Variables that look like this app's and are not: a misspelt option would otherwise be its default, silently. */
export function unknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set(environmentVariables.map(({ name }) => name));
  return Object.keys(env).filter((name) => name.startsWith('OPS_') && !known.has(name));
}
