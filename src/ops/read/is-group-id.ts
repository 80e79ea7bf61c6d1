import { ValidateBy } from 'class-validator';

const GREATEST = 2n ** 63n - 1n;

/** A group's id: a bigint as decimal text, and not 0, which stands for no group. */
export function IsGroupId(): PropertyDecorator {
  return ValidateBy({
    name: 'isGroupId',
    validator: {
      validate: (value: unknown) => isGroupId(value),
      defaultMessage: () => '$property must be the id of a group: a whole number of 64 bits other than 0',
    },
  });
}

function isGroupId(value: unknown): boolean {
  if (typeof value !== 'string' || !/^-?[1-9]\d{0,18}$/.test(value)) {
    return false;
  }
  const id = BigInt(value);
  return id <= GREATEST && id >= -GREATEST;
}
