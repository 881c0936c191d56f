/** Lets requests that were begun go out before files are read, which holds the process up: an engine answers meanwhile. */
export const underWay = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
