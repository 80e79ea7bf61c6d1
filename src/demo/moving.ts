const DOT_MS = 500;

/** Says what is done and lets dots grow on stderr for as long as it takes: nobody has to wonder whether it hangs. */
export async function moving<T>(what: string, work: Promise<T>): Promise<T> {
  process.stderr.write(`${what} `);
  const dots = setInterval(() => process.stderr.write('.'), DOT_MS);
  try {
    return await work;
  } finally {
    clearInterval(dots);
    process.stderr.write('\n');
  }
}
