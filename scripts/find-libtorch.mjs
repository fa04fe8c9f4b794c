// Where libtorch may be on this machine: each place that has its CMake configuration, best first. Nothing is loaded or
// run but Python's own search for modules, so that this takes a tenth of a second.
import { spawnSync } from 'node:child_process'
import { existsSync, realpathSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'

/**
 * @typedef {object} Candidate
 * @property {string} source  Who named it: `LIBTORCH`, a Python, or the system.
 * @property {string} config  The folder with TorchConfig.cmake.
 * @property {string} [library]  The main library that belongs to it, where it is in the usual place.
 * @property {string} [plain]  Set: that configuration is not used, only the include/ and lib/ in this folder.
 * @property {string} identity  Changes when that libtorch does.
 */

/** @returns {{ candidates: Candidate[], notes: string[] }} notes: places that were named and hold no libtorch. */
export function findLibtorch({ env = process.env, pythons = pythonsOf(env), prefixes = systemPrefixes(env) } = {}) {
  const notes = []
  const candidates = []
  const add = (source, config) => {
    if (!existsSync(join(config, 'TorchConfig.cmake'))) return false
    const real = realpathSync(config)
    if (candidates.some((candidate) => candidate.config === real)) return true
    const library = libraryOf(real)
    const identity = [join(real, 'TorchConfig.cmake'), ...(library ? [library] : [])].map(fileIdentity).join(' ')
    candidates.push({ source, config: real, library, identity })
    const prefix = join(real, '..', '..', '..')
    if (existsSync(join(prefix, 'include', 'torch'))) candidates.push({ source, config: real, library, plain: prefix, identity: `${identity} plain` })
    return true
  }
  if (env.LIBTORCH && !configsUnder(env.LIBTORCH).some((config) => add('LIBTORCH', config))) {
    notes.push(`LIBTORCH names ${env.LIBTORCH}, which holds no share/cmake/Torch/TorchConfig.cmake`)
  }
  for (const python of pythons) {
    const torch = torchOfPython(python)
    // A distribution's Python has torch without these files: they come with its libtorch package.
    if (torch !== undefined) add(python, join(torch, 'share', 'cmake', 'Torch'))
  }
  for (const prefix of prefixes) configsUnder(prefix).some((config) => add('the system', config))
  return { candidates, notes }
}

function configsUnder(prefix) {
  const triplet = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch] ?? process.arch
  return ['share', 'lib', 'lib64', join('lib', triplet)].map((folder) => join(resolve(prefix), folder, 'cmake', 'Torch'))
}

function pythonsOf(env) {
  const active = [env.VIRTUAL_ENV, env.CONDA_PREFIX].filter(Boolean).map((folder) => join(folder, 'bin', 'python3'))
  return [...new Set([...active, 'python3', '/usr/bin/python3'])]
}

function systemPrefixes(env) {
  const named = (env.CMAKE_PREFIX_PATH ?? '').split(process.platform === 'win32' ? ';' : ':').filter(Boolean)
  return [...named, '/usr', '/usr/local', '/usr/local/libtorch', '/opt/libtorch', '/opt/homebrew']
}

/** @returns the folder of the package `torch`, without importing it; undefined when there is none. */
function torchOfPython(python) {
  const code = 'import importlib.util as u; s = u.find_spec("torch"); print(s.submodule_search_locations[0] if s else "")'
  const { status, stdout } = spawnSync(python, ['-c', code], { encoding: 'utf8', timeout: 10_000, stdio: ['ignore', 'pipe', 'ignore'] })
  return status === 0 && stdout.trim() !== '' ? stdout.trim() : undefined
}

function libraryOf(config) {
  const folders = [join(config, '..', '..', '..', 'lib'), join(config, '..', '..')]
  const paths = folders.flatMap((folder) => ['libtorch_cpu.so', 'libtorch_cpu.dylib'].map((name) => join(folder, name)))
  const path = paths.find(existsSync)
  return path && realpathSync(path)
}

/** Path, size and time. */
export function fileIdentity(path) {
  const real = realpathSync(path)
  const { size, mtimeMs } = statSync(real)
  return `${real}:${size}:${mtimeMs}`
}
