import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

// Nest, TypeORM and their drivers ask for packages that few hosts have: whoever bundles such an app leaves out what is not
// installed. All else goes into the bundle.

const BARE_NAME = /^[^./]/;

/** @param format of the bundle: esm or cjs */
export async function withEsbuild(folder, outfile, format) {
  await build({
    entryPoints: [join(folder, 'dist/main.js')],
    outfile,
    format,
    bundle: true,
    platform: 'node',
    keepNames: true,
    logLevel: 'error',
    plugins: [
      {
        name: 'optional-packages',
        setup: ({ onResolve, resolve }) => {
          onResolve({ filter: BARE_NAME }, async ({ path, pluginData, ...from }) => {
            if (pluginData === 'asked') return undefined;
            const found = await resolve(path, { ...from, pluginData: 'asked' });
            return found.errors.length > 0 ? { path, external: true } : found;
          });
        },
      },
    ],
    // CommonJS within an ES module asks for Node's own modules by require.
    ...(format === 'esm' && {
      banner: {
        js: "import { createRequire as toRequire } from 'node:module'; const require = toRequire(import.meta.url);",
      },
    }),
  });
}

/** @param tools folder in whose node_modules webpack is */
export async function withWebpack(folder, outfile, tools) {
  const webpack = createRequire(join(tools, 'package.json'))('webpack');
  const compiler = webpack({
    mode: 'none',
    target: 'node',
    context: folder,
    entry: join(folder, 'dist/main.js'),
    output: { path: join(outfile, '..'), filename: outfile.slice(join(outfile, '..').length + 1) },
    plugins: [
      new webpack.IgnorePlugin({
        checkResource: (name, from) => BARE_NAME.test(name) && !isInstalled(name, from),
      }),
    ],
  });
  const stats = await promisify(compiler.run.bind(compiler))();
  if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }));
}

function isInstalled(name, folder) {
  try {
    return createRequire(join(folder, 'any.js')).resolve(name) !== '';
  } catch (error) {
    return error.code === 'ERR_PACKAGE_PATH_NOT_EXPORTED';
  }
}
