import { ApiProperty } from '@nestjs/swagger';

/** A whole number. */
export const count = (description: string, example: number): PropertyDecorator =>
  ApiProperty({ type: 'integer', format: 'int64', description, example });

/** A whole number of 64 bits as decimal text: it may be past what a JSON number holds exactly. */
export const bigCount = (description: string, example: string): PropertyDecorator =>
  ApiProperty({ type: String, format: 'int64', description, example });

/** A time, which is never null. */
export const instant = (example: string, description = 'ISO 8601 in UTC.'): PropertyDecorator =>
  ApiProperty({ type: String, format: 'date-time', description, example });

/** A time, or null. */
export const nullableInstant = (description: string, example: string | null): PropertyDecorator =>
  ApiProperty({ type: String, format: 'date-time', nullable: true, description, example });

/** A text, or null. */
export const nullableText = (description: string, example: string | null): PropertyDecorator =>
  ApiProperty({ type: String, nullable: true, description, example });
