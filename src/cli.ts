import 'reflect-metadata';
import { CommanderError } from 'commander';
import { exitCodeOf, lineOf } from './cli/failures.js';
import { createProgram } from './cli/program.js';
import { unknownVariables } from './config/environment.js';

for (const name of unknownVariables(process.env)) {
  console.error(`warning: ${name} is not a variable of this app, and is ignored`);
}

/** `npm run ops -- <command>`: exit code 0, 1 for a failure, 2 for bad input. */
createProgram()
  .parseAsync()
  .catch((error: unknown) => {
    if (!(error instanceof CommanderError)) {
      console.error(lineOf(error)); // the others have been written already
    }
    process.exitCode = exitCodeOf(error);
  });
