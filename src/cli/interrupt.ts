/** Why a command was ended: somebody pressed Ctrl-C. */
export class Interrupted extends Error {}

/** Runs work that Ctrl-C ends in an orderly way. A second Ctrl-C ends the process at once. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stopping = new AbortController()
  const stop = () => stopping.abort(new Interrupted('interrupted'))
  process.once('SIGINT', stop)
  try {
    return await work(stopping.signal)
  } finally {
    process.off('SIGINT', stop)
  }
}
