import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';

export class LivenessResponse {
  @ApiProperty({ enum: ['ok'], example: 'ok' })
  readonly status!: 'ok';
}

const indicators = (description: string, example: object): ApiPropertyOptions => ({
  type: 'object',
  additionalProperties: {
    type: 'object',
    required: ['status'],
    properties: { status: { type: 'string', example: 'up' } },
  },
  description,
  example,
});

const UP = { database: { status: 'up' }, migrations: { status: 'up' }, jobs: { status: 'up' } };

/** What terminus answers where every indicator is up. */
export class ReadinessResponse {
  @ApiProperty({ enum: ['ok'], example: 'ok' })
  readonly status!: 'ok';

  @ApiProperty(indicators('The ones that are up.', UP))
  readonly info!: Readonly<Record<string, { readonly status: string }>>;

  @ApiProperty(indicators('The ones that are down: none.', {}))
  readonly error!: Readonly<Record<string, { readonly status: string }>>;

  @ApiProperty(indicators('All of them.', UP))
  readonly details!: Readonly<Record<string, { readonly status: string }>>;
}
