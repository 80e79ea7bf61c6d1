import { ValidateBy, type ValidationArguments } from 'class-validator';

/** A number that is not below that of another option, where both are set. */
export function IsAtLeastOption(other: string): PropertyDecorator {
  return ValidateBy({
    name: 'isAtLeastOption',
    constraints: [other],
    validator: {
      validate: (value: unknown, given?: ValidationArguments) => {
        const limit = (given?.object as Record<string, unknown> | undefined)?.[other];
        return typeof value !== 'number' || typeof limit !== 'number' || value >= limit;
      },
      defaultMessage: () => `$property must not be less than ${other}`,
    },
  });
}
