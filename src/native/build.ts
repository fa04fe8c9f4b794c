import { createHash } from 'node:crypto'
import { rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { NativeUnavailableError } from '../errors.js'
import { isRepository, packageRoot, versionCache } from './places.js'

export interface BuildOptions {
  /** Also what is unchanged, or failed unchanged. */
  readonly force?: boolean
  /** Told each step, one line at a time. */
  readonly log?: (line: string) => void
}

/** What became of one addon; `skipped`: something that it needs is not on this machine. */
export interface BuildResult {
  readonly state: 'built' | 'kept' | 'failed' | 'skipped'
  /** What was done, or what is missing or wrong, and the command that brings it. */
  readonly message: string
}

export interface BuildReport {
  /** Where the addons are. */
  readonly folder: string
  readonly kernels: BuildResult
  readonly torch: BuildResult
}

/**
 * Builds the native code against the libtorch of this machine, for this user: what `chronode native build` does.
 *
 * It needs a C++20 compiler, CMake, libtorch, and the packages cmake-js and node-addon-api; what is missing is named in the report, and
 * nothing is installed. A process that has looked for native code already goes on with what it found.
 *
 * @throws {NativeUnavailableError} Chronode is part of a bundle here, without the sources of its native code.
 */
export async function buildNative({ force = false, log = () => undefined }: BuildOptions = {}): Promise<BuildReport> {
  const root = packageRoot()
  if (root === undefined) {
    throw new NativeUnavailableError('This is a bundle, which does not hold the sources of the native code.', undefined, [
      'Run `npx chronode native build` where the package chronode is installed.',
    ])
  }
  const { findLibtorch, build, withLock } = await loadScripts(root)
  const found = findLibtorch()
  const find = (): LibtorchSearch => found
  if (isRepository(root)) {
    const folder = join(root, 'build', 'native')
    return { folder, ...(await build({ root, out: folder, force, find, log })) }
  }
  const folder = join(versionCache(), keyOf(found))
  const work = `${versionCache()}-build`
  const report = await withLock(`${work}.lock`, log, async () => {
    const results = await build({ root, out: folder, work, force, find, log })
    // The build trees take 300 MB; those of a failure hold the log that its message names.
    if (results.kernels.state !== 'failed' && results.torch.state !== 'failed') rmSync(work, { recursive: true, force: true })
    return results
  })
  utimesSync(folder, new Date(), new Date()) // the door takes the newest: what was asked for last
  return { folder, ...report }
}

/** Changes when a libtorch of this machine does, so that a new one does not replace the addons that a running process was built with. */
function keyOf({ candidates }: LibtorchSearch): string {
  if (candidates.length === 0) return 'without-libtorch'
  const identities = candidates.map(({ identity }) => identity).join('\n')
  return `libtorch-${createHash('sha256').update(identities).digest('hex').slice(0, 12)}`
}

interface LibtorchSearch {
  readonly candidates: readonly { readonly identity: string }[]
  readonly notes: readonly string[]
}

interface BuildScripts {
  findLibtorch(): LibtorchSearch
  build(options: object): Promise<{ kernels: BuildResult; torch: BuildResult }>
  withLock<T>(path: string, log: (line: string) => void, work: () => Promise<T>): Promise<T>
}

/** The scripts that set-up uses before anything is compiled, which is why they are no part of src/. */
async function loadScripts(root: string): Promise<BuildScripts> {
  const load = (name: string) => import(pathToFileURL(join(root, 'scripts', name)).href)
  const [{ findLibtorch }, { buildNative: build }, { withLock }] = await Promise.all([
    load('find-libtorch.mjs'),
    load('build-native.mjs'),
    load('setup/lock.mjs'),
  ])
  return { findLibtorch, build, withLock }
}
