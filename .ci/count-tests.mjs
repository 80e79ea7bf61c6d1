// usage: node count-tests.mjs <jest.json>; prints one line, of zeros where the tests never ran
import { readFileSync } from 'node:fs';

const NEVER_RAN = { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 0 };

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return NEVER_RAN;
    throw error;
  }
}

const results = read(process.argv[2]);
// A file that could not even be loaded has no tests to count; it is a failure all the same.
const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
console.log(`tests: ${results.numPassedTests} passed, ${failed} failed`);
