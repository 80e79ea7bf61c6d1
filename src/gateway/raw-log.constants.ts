/** Rows per INSERT: beyond a few thousand the round trip no longer matters, and memory and lock time still grow. */
export const RAW_LOG_BATCH_SIZE = 5_000;
