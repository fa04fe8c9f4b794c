// A store in a process of its own, for whoever sends calls: see remote-store.ts.
import { openStore } from '../../dist/src/storage/index.js'

const targets = new Map()
let made = 0
let now = 0
Date.now = () => now

process.on('message', async ({ number, clock, target, method, args }) => {
  now = clock
  try {
    process.send({ number, result: await answer(target, method, args) })
  } catch ({ code, message }) {
    process.send({ number, error: { code, message } })
  }
})

async function answer(target, method, args) {
  if (target === undefined) return remembered(await open(...args))
  const result = await targets.get(target)[method](...args)
  if (method === 'close' || method === 'release') targets.delete(target)
  if (method === 'snapshot') return remembered(result)
  return typeof result === 'object' && result !== null && Symbol.asyncIterator in result ? Array.fromAsync(result) : result
}

function open({ block, ...options }) {
  const blockSize = (dimension) => ({ ...block, observationBytes: 8 + 4 * dimension })
  return openStore({ ...options, packing: { ...options.packing, blockSize }, warn: () => undefined })
}

/** @returns what names it from now on. */
function remembered(target) {
  targets.set(++made, target)
  return made
}
