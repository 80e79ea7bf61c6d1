import { CommanderError } from 'commander';
import { SchemaConflictError } from '../../migrations/index.js';
import { EnvironmentError } from '../config/environment.js';
import { describeStartFailure } from '../server/describe-start-failure.js';
import { OpsBelowFloorError, OpsInputError } from '../ops/index.js';

/** The command did what it could, and what it found or left is a failure. */
export class CommandFailure extends Error {
  public constructor(message: string) {
    super(message);
    this.name = 'CommandFailure';
  }
}

function isBadInput(error: unknown): boolean {
  return (
    error instanceof OpsInputError || error instanceof OpsBelowFloorError || error instanceof EnvironmentError
  );
}

export function exitCodeOf(error: unknown): 0 | 1 | 2 {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? 0 : 2; // help and version exit with 0; everything else is bad input
  }
  return isBadInput(error) ? 2 : 1;
}

export function lineOf(error: unknown): string {
  if (isBadInput(error) || error instanceof CommandFailure || error instanceof SchemaConflictError) {
    return `error: ${(error as Error).message}`;
  }
  return describeStartFailure(error).replace(/^Cannot start: /, 'error: ');
}
