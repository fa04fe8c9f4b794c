// One process at a time.
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'

const POLL_MS = 200
/** Longer than anything that is done under a lock: then the process that has the number now is another one. */
const AGE_MS_MAX = 3_600_000

/**
 * Runs `work` while this process alone holds the lock file; waits for another holder that is alive.
 *
 * @param {string} path
 * @param {(line: string) => void} log  Told once, when there is something to wait for.
 * @param {() => unknown} work
 */
export async function withLock(path, log, work) {
  mkdirSync(dirname(path), { recursive: true })
  await acquire(path, log)
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}

async function acquire(path, log) {
  const mine = `${process.pid} ${hostname()}`
  for (let told = false; ; ) {
    try {
      return writeFileSync(path, mine, { flag: 'wx' })
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const holder = holderOf(path)
    if (holder === undefined) continue
    if (isGone(holder)) {
      takeAway(path, holder)
      continue
    }
    if (!told) log(`waiting for another one (process ${holder.text}); if there is none, remove ${path}`)
    told = true
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

function holderOf(path) {
  try {
    return { text: readFileSync(path, 'utf8'), ageMs: Date.now() - statSync(path).mtimeMs }
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function isGone({ text, ageMs }) {
  if (ageMs > AGE_MS_MAX) return true
  const [pid, host] = text.split(' ')
  if (host === undefined) return ageMs > 10_000 // made, and its process ended before it was written
  if (host !== hostname()) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

/** Moved aside first: of two that saw the same dead holder, the slower one must not remove the lock that the faster one has made since. */
function takeAway(path, holder) {
  const aside = `${path}.${process.pid}`
  try {
    renameSync(path, aside)
  } catch (error) {
    if (error.code === 'ENOENT') return
    throw error
  }
  if (readFileSync(aside, 'utf8') === holder.text) rmSync(aside)
  else renameSync(aside, path)
}
