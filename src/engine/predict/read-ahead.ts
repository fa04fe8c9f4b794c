/**
 * Reads from `source` ahead of its consumer until `bytesMax` wait, so that what the source holds open is let go early.
 *
 * A failure of the source reaches the consumer after what was read before it.
 */
export async function* readAhead<T>(source: AsyncIterable<T>, bytesOf: (item: T) => number, bytesMax: number): AsyncGenerator<T> {
  const waiting: T[] = []
  let bytes = 0
  let isDone = false
  let isAbandoned = false
  let failure: { readonly error: unknown } | undefined
  let signalItem = Promise.withResolvers<void>()
  let signalRoom = Promise.withResolvers<void>()

  async function fill(): Promise<void> {
    try {
      for await (const item of source) {
        if (isAbandoned) return
        waiting.push(item)
        bytes += bytesOf(item)
        signalItem.resolve()
        if (bytes < bytesMax) continue
        await signalRoom.promise
        if (isAbandoned) return
      }
    } catch (error) {
      failure = { error }
    } finally {
      isDone = true
      signalItem.resolve()
    }
  }

  const filling = fill()
  try {
    while (true) {
      const item = waiting.shift()
      if (item !== undefined) {
        bytes -= bytesOf(item)
        if (bytes < bytesMax) {
          signalRoom.resolve()
          signalRoom = Promise.withResolvers<void>()
        }
        yield item
      } else if (isDone) {
        if (failure !== undefined) throw failure.error
        return
      } else {
        await signalItem.promise
        signalItem = Promise.withResolvers<void>()
      }
    }
  } finally {
    isAbandoned = true
    signalRoom.resolve()
    await filling
  }
}
