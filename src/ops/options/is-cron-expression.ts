import { ValidateBy, type ValidationOptions } from 'class-validator';
import { validateCronExpression } from 'cron';

/** A cron expression as @nestjs/schedule takes it: five or six fields. */
export function IsCronExpression(options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isCronExpression',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && validateCronExpression(value).valid,
        defaultMessage: () => '$property must be a cron expression, such as "*/10 * * * *"',
      },
    },
    options,
  );
}
