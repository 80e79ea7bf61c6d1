// Prints docs/options.md: names, values and defaults from the schemas, meanings from their documentation as an editor
// shows it. Run after a build: npm run --silent options-docs > docs/options.md
import ts from 'typescript';
import { environmentVariables } from '../dist/src/config/environment.js';
import { describedValues, optionVariable } from '../dist/src/config/variables.js';
import { opsOptionsSchema } from '../dist/src/ops/index.js';

const TYPES = {
  OpsModuleOptions: 'dist/src/ops/options/ops.options.d.ts',
  OpsModuleStructure: 'dist/src/ops/ops.module.d.ts',
  Environment: 'dist/src/config/environment.d.ts',
};
const program = ts.createProgram(Object.values(TYPES), {
  module: ts.ModuleKind.NodeNext,
  strict: true,
  types: [],
});
const checker = program.getTypeChecker();

/** The properties of an exported type, with their documentation; those of RawRetentionDays by their path. */
function documented(name) {
  const file = checker.getSymbolAtLocation(program.getSourceFile(TYPES[name]));
  const type = checker.getDeclaredTypeOfSymbol(
    checker.getExportsOfModule(file).find((symbol) => symbol.name === name),
  );
  const within = (outer, path) =>
    outer.getProperties().flatMap((property) => {
      const field = [...path, property.name].join('.');
      const text = ts.displayPartsToString(property.getDocumentationComment(checker));
      const inner = checker.getNonNullableType(checker.getTypeOfSymbol(property));
      return [[field, text], ...(property.name === 'rawRetentionDays' ? within(inner, [field]) : [])];
    });
  return new Map(within(type, []));
}

const UNITS = { Days: 'days', Seconds: 's', Ms: 'ms', Percent: '%' };

/** What can be given; a limit that is there for the machine's sake is none to tell. */
function valueOf(name, { type, format, enum: choices, minimum, maximum }) {
  if (format === 'json') {
    return 'JSON';
  }
  if (type !== 'integer') {
    return (
      choices?.map((choice) => `\`${choice}\``).join(', ') ??
      (type === 'boolean' ? '`true`, `false`' : 'text')
    );
  }
  const unit = UNITS[/(Days|Seconds|Ms|Percent)\b/.exec(name)?.[0]];
  return `${minimum} ${maximum < 1_000_000 ? `to ${maximum}` : 'or more'}${unit ? ` (${unit})` : ''}`;
}

const code = (value) => {
  const text = value instanceof Object && !Array.isArray(value) ? JSON.stringify(value) : value;
  return text === undefined || text === null ? '' : `\`${text}\``;
};

function table(head, rows) {
  const line = (cells) =>
    `| ${cells.map((cell) => cell.replace(/\s+/g, ' ').replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function meaning(docs, field) {
  const text = docs.get(field);
  if (!text) {
    throw new Error(`${field} has no documentation`);
  }
  return text;
}

const options = documented('OpsModuleOptions');
const structure = documented('OpsModuleStructure');
const app = documented('Environment');

console.log(`# Options

Generated from the code by \`npm run --silent options-docs\`: change it there.

## Of the module

What \`OpsModule.forRoot()\` and the factory of \`forRootAsync()\` take, and the environment variable that sets it in the
gateway app. All are optional. A wrong or unknown one stops the start with an error that names each.

${table(
  ['option', 'variable', 'value', 'default', 'meaning'],
  describedValues(opsOptionsSchema).map(({ path, described }) => {
    const field = path.join('.');
    return [
      code(field),
      code(optionVariable(field)),
      valueOf(field, described),
      code(described.default),
      meaning(options, field),
    ];
  }),
)}

## Of its structure

What \`forRoot()\` and \`forRootAsync()\` take besides, since it must be known before anything is instantiated.

${table(
  ['option', 'meaning'],
  [...structure.keys()].map((field) => [code(field), meaning(structure, field)]),
)}

## Of the gateway app

Environment variables of \`npm start\`, \`npm run demo\` and \`npm run ops\`, besides those of the options. A blank one
counts as not set. A wrong one stops the start with a line that names it; an unknown \`OPS_…\` one is named in a warning.

${table(
  ['variable', 'value', 'default', 'meaning'],
  environmentVariables
    .filter(({ path }) => path[0] !== 'options')
    .map(({ name, described }) => [
      code(name),
      valueOf(name, described),
      code(described.default),
      meaning(app, name),
    ]),
)}`);
