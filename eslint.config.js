import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';

/** The rooms of src/ops from the ground up: each imports from lower floors, and not from its neighbours. */
const FLOORS = [
  ['common'],
  ['options'],
  ['sql'],
  ['http'],
  ['definitions'],
  ['rollup'],
  ['invalidation'],
  ['ranges', 'detection', 'runs', 'read'],
  ['audit', 'drain', 'requests'],
  ['retention', 'rebuild', 'verify'],
  ['jobs'],
  ['status'],
  ['prometheus', 'dashboard'],
];
const ONE_WAY = FLOORS.flatMap((floor, height) =>
  floor.map((room) => ({
    target: `./src/ops/${room}`,
    from: FLOORS.slice(height)
      .flat()
      .filter((other) => other !== room)
      .map((other) => `./src/ops/${other}`),
    message: 'Arrows run one way: see FLOORS in eslint.config.js.',
  })),
);

export default tseslint.config(
  {
    ignores: ['dist/', 'dist-bench/', 'node_modules/', 'coverage/', '.data/', '.ci/hosts/**/*.ts'],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: [] }, tsconfigRootDir: import.meta.dirname },
    },
    settings: {
      'import-x/resolver-next': [
        createNodeResolver({ extensions: ['.ts', '.js'], extensionAlias: { '.js': ['.ts', '.js'] } }),
      ],
      'import-x/extensions': ['.ts', '.js'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
    },
    rules: {
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-restricted-paths': [
        'error',
        { basePath: import.meta.dirname, zones: ONE_WAY.filter(({ from }) => from.length > 0) },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // Frameworks declare option bags as classes, and are given literals.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
    },
  },
  {
    files: ['src/ops/**/*.ts'],
    ignores: ['src/ops/index.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '(^|/)ops/index\\.js$|^\\./index\\.js$|^\\.\\./index\\.js$',
              message: 'Internal files never import the public door.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
      },
    },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { process: 'readonly', console: 'readonly', require: 'readonly' },
    },
  },
);
