// Run before everything else, in syntax that any Node.js understands: an old one is told which is needed, in one line.
'use strict';
const { engines } = require('../package.json');

const needed = engines.node.replace(/^>=/, '').split('.').map(Number);
const here = process.versions.node.split('.').map(Number);

if (here[0] < needed[0] || (here[0] === needed[0] && here[1] < needed[1])) {
  console.error(
    'This needs Node.js 22.13 or newer (' +
      needed.join('.') +
      ' works too), and this is ' +
      process.versions.node +
      '.',
  );
  process.exit(1);
}
