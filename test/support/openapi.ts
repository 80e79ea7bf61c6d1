import type { OpenAPIObject } from '@nestjs/swagger';

/** The part of an OpenAPI 3.0 schema that the documents here use. */
export interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly maximum?: number;
  readonly pattern?: string;
  readonly type?: string;
  readonly format?: string;
  readonly nullable?: boolean;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly example?: unknown;
}

interface Media {
  readonly schema?: Schema;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

export interface Operation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly example?: unknown;
    readonly schema: Schema & { readonly default?: unknown };
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}

/** An OpenAPI document, and how values fit the schemas in it: strictly, so an undocumented property is a problem. */
export class OpenApiDocument {
  public constructor(private readonly document: OpenAPIObject) {}

  /** Every operation by `get /path`. */
  public operations(): [name: string, operation: Operation][] {
    return Object.entries(this.document.paths).flatMap(([path, item]) =>
      Object.entries(item as Readonly<Record<string, Operation>>).map(
        ([method, operation]): [string, Operation] => [`${method} ${path}`, operation],
      ),
    );
  }

  public operation(name: string): Operation {
    const found = this.operations().find(([known]) => known === name);
    if (found === undefined) {
      throw new Error(`${name} is not documented`);
    }
    return found[1];
  }

  /** @param type of the content; the only one where left out */
  public media(name: string, status: number, type = 'application/json'): Media {
    const media = this.operation(name).responses[status]?.content?.[type];
    if (media === undefined) {
      throw new Error(`${name} has no documented ${type} for ${status}`);
    }
    return media;
  }

  public resolve(schema: Schema): Schema {
    const [only] = schema.allOf ?? [];
    if (schema.$ref === undefined) {
      return only === undefined ? schema : { ...schema, ...this.resolve(only) };
    }
    const name = schema.$ref.replace('#/components/schemas/', '');
    const found = (this.document.components?.schemas as Readonly<Record<string, Schema>> | undefined)?.[name];
    if (found === undefined) {
      throw new Error(`${schema.$ref} leads nowhere`);
    }
    return found;
  }

  /** What in a value is not as its schema says, each with its path; empty where all of it is. */
  public problems(value: unknown, given: Schema, path = '$'): string[] {
    const schema = this.resolve(given);
    if (value === null && (schema.nullable === true || schema.oneOf === undefined)) {
      return schema.nullable === true ? [] : [`${path} is null`];
    }
    if (schema.oneOf !== undefined) {
      const fitting = schema.oneOf.filter((one) => this.problems(value, one, path).length === 0);
      return fitting.length === 1
        ? []
        : [`${path} fits ${fitting.length} of its ${schema.oneOf.length} forms`];
    }
    if (schema.enum !== undefined && !schema.enum.includes(value)) {
      return [`${path} is not one of ${schema.enum.join(', ')}`];
    }
    if (!isOfType(value, schema)) {
      return [`${path} is no ${schema.type ?? 'documented type'} ${schema.format ?? ''}`];
    }
    if (Array.isArray(value)) {
      return value.flatMap((item: unknown, i) => this.problems(item, schema.items ?? {}, `${path}[${i}]`));
    }
    return typeof value === 'object' && value !== null ? this.objectProblems(value, schema, path) : [];
  }

  private objectProblems(value: object, schema: Schema, path: string): string[] {
    const { properties = {}, required = [], additionalProperties } = schema;
    const missing = required.filter((name) => !(name in value)).map((name) => `${path}.${name} is missing`);
    const wrong = Object.entries(value).flatMap(([name, item]: [string, unknown]) => {
      const known = properties[name] ?? additionalProperties;
      const at = `${path}.${name}`;
      return known === undefined ? [`${at} is not documented`] : this.problems(item, known, at);
    });
    return [...missing, ...wrong];
  }

  /** The properties below a schema that have no example, or one that does not fit. */
  public badExamples(given: Schema, path = '$'): string[] {
    const schema = this.resolve(given);
    if (given.example !== undefined || schema.example !== undefined) {
      const example = given.example ?? schema.example;
      return this.problems(example, schema, path);
    }
    if (schema.items !== undefined) {
      return this.badExamples(schema.items, `${path}[]`);
    }
    if (schema.oneOf !== undefined) {
      return schema.oneOf.flatMap((one) => this.badExamples(one, path));
    }
    const properties = Object.entries(schema.properties ?? {});
    return properties.length === 0
      ? [`${path} has no example`]
      : properties.flatMap(([name, property]) => this.badExamples(property, `${path}.${name}`));
  }
}

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  integer: (value) => Number.isInteger(value),
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  array: (value) => Array.isArray(value),
  object: (value) => typeof value === 'object' && !Array.isArray(value),
};

const FORMATS: Readonly<Record<string, RegExp>> = {
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/,
  int64: /^-?\d+$/,
};

/** A schema without a known type fits nothing. */
function isOfType(
  value: unknown,
  { type = '', format = '', maximum = Infinity, pattern = '' }: Schema,
): boolean {
  const fits = TYPES[type]?.(value) ?? false;
  if (typeof value === 'number') {
    return fits && value <= maximum;
  }
  const fitsText = (text: string): boolean =>
    new RegExp(pattern).test(text) && (FORMATS[format]?.test(text) ?? true);
  return fits && (typeof value !== 'string' || fitsText(value));
}
