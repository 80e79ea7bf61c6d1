import { z } from 'zod';

type Described = z.core.JSONSchema.BaseSchema;

/** One value of what a schema describes. */
export interface DescribedValue {
  /** Where it stands. */
  readonly path: readonly string[];
  /** Its type, limits and default. */
  readonly described: Described;
}

/** A value that a variable of the environment sets. */
export interface Variable extends DescribedValue {
  readonly name: string;
}

/** Options whose variable is not called as they are; null: none, since the app's migrations use the search path. */
const NAMES: Readonly<Record<string, string | null>> = {
  schema: null,
  rawSchema: null,
  'rawRetentionDays.usageLogs': 'OPS_USAGE_RETENTION_DAYS',
  'rawRetentionDays.errorLogs': 'OPS_ERROR_RETENTION_DAYS',
};

/** The variable of an option of OpsModule, such as OPS_BACKFILL_DAYS for backfillDays. */
export function optionVariable(option: string): string | null {
  const name = NAMES[option];
  return name === undefined ? `OPS_${option.replace(/[A-Z]/g, '_$&').toUpperCase()}` : name;
}

/** Every value that is none of several, in the order of the schema; an object that is given as JSON is one. */
export function describedValues(schema: z.ZodType): DescribedValue[] {
  const within = (described: Described, path: readonly string[]): DescribedValue[] =>
    described.properties === undefined || described.format === 'json'
      ? [{ path, described }]
      : Object.entries(described.properties).flatMap(([name, inner]) =>
          typeof inner === 'boolean' ? [] : within(inner, [...path, name]),
        );
  return within(z.toJSONSchema(schema, { io: 'input' }), []);
}

/** The object that the variables set, for its schema to check; a blank variable counts as not set. */
export function readVariables(
  variables: readonly Variable[],
  env: Readonly<Record<string, string | undefined>>,
): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  for (const { name, path, described } of variables) {
    const text = env[name]?.trim() === '' ? undefined : env[name];
    const last = path.at(-1);
    if (text !== undefined && last !== undefined) {
      const holder = path
        .slice(0, -1)
        .reduce((outer, key) => (outer[key] ??= {}) as Record<string, unknown>, read);
      holder[last] = typed(text, described);
    }
  }
  return read;
}

/** A text as the type that is wanted, where it can be read as such. */
function typed(text: string, { type, format }: Described): unknown {
  if (type === 'integer' && /^-?\d+(\.\d+)?$/.test(text.trim())) {
    return Number(text);
  }
  if (format === 'json') {
    return parsed(text);
  }
  if (type === 'array') {
    // Words with commas between them, or JSON.
    return text.trim().startsWith('[') ? parsed(text) : text.split(',').map((word) => word.trim());
  }
  return type === 'boolean' && (text === 'true' || text === 'false') ? text === 'true' : text;
}

/** JSON; what is none is for the schema to refuse. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
