/** A range of a file. */
export type ReadRequest = { readonly offset: number; readonly length: number };

/**
 * Work on a file that does not know how files are read: it gives the ranges that it needs, and is handed the bytes, of which there
 * are fewer only at the end of the file. They are not written to afterwards, so that what is read may be views of them.
 */
export type Reading<T> = Generator<ReadRequest, T, Uint8Array>;
