// usage: node count-tests.mjs <jest.json>; names what failed (its output is far above by then), and counts in one
// last line, of zeros where the tests never ran
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const NEVER_RAN = { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 0, testResults: [] };
const LINES_OF_A_FAILURE = 12;

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return NEVER_RAN;
    throw error;
  }
}

function print(file, title, message) {
  const lines = stripVTControlCharacters(message)
    .split('\n')
    .filter((line) => line.trim() !== '');
  console.log([`\n${relative('.', file)}: ${title}`, ...lines.slice(0, LINES_OF_A_FAILURE)].join('\n  '));
}

const results = read(process.argv[2]);
for (const { name, message, assertionResults } of results.testResults) {
  const failures = assertionResults.filter(({ status }) => status === 'failed');
  for (const { fullName, failureMessages } of failures) print(name, fullName, failureMessages.join('\n'));
  if (failures.length === 0 && message !== '') print(name, 'did not run', message);
}
// A file that could not even be loaded has no tests to count; it is a failure all the same.
const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
console.log(`tests: ${results.numPassedTests} passed, ${failed} failed`);
