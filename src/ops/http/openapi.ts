import { applyDecorators } from '@nestjs/common';
import {
  ApiBody,
  ApiExtraModels,
  ApiQuery,
  ApiResponse,
  ApiSchema,
  type ApiResponseSchemaHost,
} from '@nestjs/swagger';
import { z } from 'zod';

type OpenApiSchema = ApiResponseSchemaHost['schema'];
type Decorator = MethodDecorator & ClassDecorator;

/** A schema as OpenAPI 3.0 has it, and the decorator that adds the components that it refers to. */
interface Described {
  readonly schema: OpenApiSchema;
  readonly components: Decorator;
}

/** By schema: the one of errors stands behind every route, and all of them are described while the module is loaded. */
const known = new WeakMap<z.ZodType, Described>();

function described(schema: z.ZodType): Described {
  const found = known.get(schema) ?? describe(schema);
  known.set(schema, found);
  return found;
}

/** What has an id (`.meta({ id })`) becomes a component of that name. */
function describe(schema: z.ZodType): Described {
  const json = z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', unrepresentable: 'any' });
  const { definitions = {}, ...own } = JSON.parse(JSON.stringify(json), inDocument) as OpenApiSchema & {
    definitions?: Record<string, OpenApiSchema>;
  };
  const components = Object.entries(definitions).map(([name, definition]) => {
    // Swagger's components are classes; what it says of one in ApiSchema is all of it.
    @ApiSchema({ ...definition, name })
    class Component {}
    return Component;
  });
  return { schema: own, components: ApiExtraModels(...components) };
}

/** References lead to the components, and `nullable` stands beside a type, as OpenAPI 3.0 wants it. */
function inDocument(key: string, value: unknown): unknown {
  if (key === '$ref') {
    return String(value).replace('#/definitions/', '#/components/schemas/');
  }
  const isNullable = typeof value === 'object' && value !== null && 'nullable' in value && 'allOf' in value;
  return isNullable ? { type: 'object', ...value } : value;
}

/** Documents an answer, from the schema that its type is inferred from. */
export function Answers(
  answer: z.ZodType,
  options: Omit<ApiResponseSchemaHost, 'schema'> & Record<string, unknown> = {},
): Decorator {
  const { schema, components } = described(answer);
  return applyDecorators(components, ApiResponse({ status: 200, description: '', ...options, schema }));
}

/** Documents the body of a request, from the schema that the service validates it with. */
export function BodyOf(body: z.ZodType): MethodDecorator {
  const { schema, components } = described(body);
  return applyDecorators(components, ApiBody({ schema }));
}

/** Documents the parameters of a query, likewise. */
export function QueryOf(query: z.ZodObject): MethodDecorator {
  const { properties = {}, required = [] } = described(query).schema;
  return applyDecorators(
    ...Object.entries(properties).map(([name, property]) => {
      const { description = '', ...schema } = property as OpenApiSchema;
      return ApiQuery({ name, required: required.includes(name), description, schema });
    }),
  );
}
