// Builds the two addons, kernels first, and puts them where the door of src/native looks. What is unchanged is kept; an old
// addon stays in place until its successor has passed its self-test. Plain Node without packages: it runs during set-up.
//
//   node scripts/build-native.mjs [--force]
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { delimiter, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fileIdentity, findLibtorch } from './find-libtorch.mjs'
import { withLock } from './setup/lock.mjs'

/**
 * @typedef {object} Result
 * @property {'built' | 'kept' | 'failed' | 'skipped'} state  'skipped': something that is needed is not on this machine.
 * @property {string} message  One line: what was done, or what is missing or wrong.
 */

/**
 * @param {object} [options]
 * @param {string} [options.root]  The folder that holds native/ and package.json.
 * @param {string} [options.out]  Where the addons go.
 * @param {string} [options.work]  Where the build trees are; kept for the next time.
 * @param {boolean} [options.fixtures]  Also the addon that makes models for the tests.
 * @param {boolean} [options.force]  Also what is unchanged, or failed unchanged.
 * @param {typeof findLibtorch} [options.find]
 * @param {(line: string) => void} [options.log]
 * @returns {Promise<{ kernels: Result, torch: Result }>} It does not throw for what this machine lacks.
 */
export async function buildNative({
  root = dirname(dirname(fileURLToPath(import.meta.url))),
  out = join(root, 'build', 'native'),
  work = join(root, 'build'),
  fixtures = existsSync(join(root, 'native', 'tests', 'fixtures.cc')),
  force = false,
  find = findLibtorch,
  log = () => {},
} = {}) {
  const builder = { root, out, work, fixtures, force, find, log }
  const kernels = { ...builder, name: 'chronode_kernels', folders: ['kernels', 'node'], alsoNeeded: [] }
  const torch = { ...builder, name: 'chronode_torch', folders: ['torch', 'node', ...(fixtures ? ['tests'] : [])] }
  torch.alsoNeeded = fixtures ? ['chronode_torch_fixtures'] : []
  mkdirSync(out, { recursive: true })
  return withLock(join(work, 'native.lock'), log, async () => ({ kernels: await buildKernels(kernels), torch: await buildTorch(torch) }))
}

async function buildKernels(target) {
  const stamp = stampOf(target, [])
  const settled = alreadySettled(target, stamp)
  if (settled) return settled
  const missing = missingTools(target)
  if (missing) return { state: 'skipped', message: missing }
  target.log('building the kernels addon')
  const outcome = await attempt(target, join(target.work, 'kernels'), { CHRONODE_TORCH: 'OFF' }, 'simd')
  if (outcome.error) return fail(target, stamp, outcome.error)
  install(target, join(target.work, 'kernels'), { stamp })
  return { state: 'built', message: `kernels built in ${outcome.seconds} s` }
}

async function buildTorch(target) {
  const { candidates, notes } = target.find()
  for (const note of notes) target.log(note)
  if (candidates.length === 0) return { state: 'skipped', message: `no libtorch was found. ${libtorchAdvice()}` }
  const stamp = stampOf(
    target,
    candidates.map(({ identity }) => identity),
  )
  const settled = alreadySettled(target, stamp)
  if (settled) return settled
  const missing = missingTools(target)
  if (missing) return { state: 'skipped', message: missing }
  const errors = []
  for (const candidate of candidates) {
    const place = `the libtorch of ${candidate.source} (${candidate.plain ? `${candidate.plain}, without its own CMake files` : candidate.config})`
    target.log(`building the torch addon with ${place}`)
    const tree = join(target.work, 'torch', hash(`${candidate.identity} ${target.fixtures}`).slice(0, 8))
    const outcome = await attempt(target, tree, torchDefines(target, candidate), 'selfTest()')
    const error = outcome.error ?? wrongLibrary(candidate, outcome.answer.library)
    if (!error) {
      const { version, library } = outcome.answer
      install(target, tree, { stamp, torch: version, library })
      removeOtherTrees(tree)
      return { state: 'built', message: `torch addon built with libtorch ${version} of ${candidate.source} in ${outcome.seconds} s` }
    }
    errors.push(`with ${place}: ${error}`)
    target.log(errors.at(-1))
  }
  return fail(target, stamp, errors.join('; '))
}

function torchDefines({ root, fixtures }, { config, plain }) {
  const common = { CHRONODE_KERNELS: 'OFF', CHRONODE_FIXTURES: fixtures ? 'ON' : 'OFF' }
  if (plain !== undefined) return { ...common, Torch_DIR: join(root, 'native', 'torch', 'plain'), CHRONODE_TORCH_PREFIX: plain }
  // The prefix, too: libtorch's files look for its own libraries in the system first, and take another version from there.
  return { ...common, Torch_DIR: config, CMAKE_PREFIX_PATH: join(config, '..', '..', '..') }
}

/** Headers of one version and the library of another compile, and crash later. */
function wrongLibrary({ library }, linked) {
  if (library === undefined || !existsSync(linked) || realpathSync(linked) === library) return undefined
  return `it was linked with another one, ${linked}`
}

/** Configures, compiles and tries one addon. */
async function attempt({ root, name, log }, tree, defines, expression) {
  const start = performance.now()
  const cmakeJs = createRequire(join(root, 'package.json')).resolve('cmake-js/bin/cmake-js')
  const options = ['-d', join(root, 'native'), '--out', tree, '-p', String(Math.min(availableParallelism(), 4))]
  for (const [key, value] of Object.entries(defines)) options.push(`--CD${key}=${value}`)
  mkdirSync(tree, { recursive: true })
  const logFile = join(tree, 'build.log')
  // Only a new tree is configured: an old one was made with the same settings, and CMake itself sees what changed.
  const { status, output } = await run(process.execPath, [cmakeJs, 'build', ...options], { env: compilerEnv(root) })
  writeFileSync(logFile, output)
  if (status !== 0) rmSync(join(tree, 'CMakeCache.txt'), { force: true }) // maybe half configured: the next time starts afresh
  if (status !== 0) return { error: `the build failed: ${tellingLine(output)} (all of it: ${logFile})` }
  const tested = selfTest(join(tree, 'Release', `${name}.node`), expression)
  if (tested.error) return { error: `it was built and does not work: ${tested.error}` }
  log(`${name} passed its self-test`)
  return { answer: tested.answer, seconds: ((performance.now() - start) / 1000).toFixed(1) }
}

/** Loads an addon in a child process, since a bad one may take the process with it. */
function selfTest(path, expression) {
  const code = `const m = { exports: {} }; process.dlopen(m, ${JSON.stringify(path)}); console.log(JSON.stringify(m.exports.${expression}))`
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8', timeout: 120_000 })
  if (status !== 0) return { error: signal ? `it ended with ${signal}` : tellingLine(stderr) }
  const answer = JSON.parse(stdout.trim().split('\n').at(-1))
  return answer?.error ? { error: answer.error } : { answer }
}

/** The new addon takes the old one's place in one step: a process that has the old one loaded keeps it. */
function install({ root, out, name, alsoNeeded }, tree, facts) {
  for (const file of [...alsoNeeded, name].map((addon) => `${addon}.node`)) {
    const temporary = join(out, `.${file}.${process.pid}`)
    copyFileSync(join(tree, 'Release', file), temporary)
    renameSync(temporary, join(out, file))
  }
  const header = readFileSync(join(root, 'native', 'node', 'addon_interface.h'), 'utf8')
  const info = { interface: Number(/kAddonInterface = (\d+)/.exec(header)[1]), platform: process.platform, arch: process.arch, ...facts }
  writeFileSync(join(out, `${name}.json`), `${JSON.stringify(info, undefined, 2)}\n`)
  rmSync(join(out, `${name}.failed.json`), { force: true })
}

/** What needs no work: the addon is there and nothing changed, or nothing changed since it could not be built. */
function alreadySettled({ out, name, alsoNeeded, force }, stamp) {
  if (force) return undefined
  const isThere = [name, ...alsoNeeded].every((addon) => existsSync(join(out, `${addon}.node`)))
  if (isThere && readJson(join(out, `${name}.json`))?.stamp === stamp) return { state: 'kept', message: `${name} is there and unchanged` }
  const failed = readJson(join(out, `${name}.failed.json`))
  return failed?.stamp === stamp ? { state: 'failed', message: `${failed.message} (nothing changed since; --force tries again)` } : undefined
}

function fail({ out, name }, stamp, message) {
  writeFileSync(join(out, `${name}.failed.json`), `${JSON.stringify({ stamp, message }, undefined, 2)}\n`)
  return { state: 'failed', message }
}

/** Changes when anything that goes into an addon does. */
function stampOf({ root, folders }, libraries) {
  const native = join(root, 'native')
  const entries = folders.flatMap((folder) => readdirSync(join(native, folder), { recursive: true, withFileTypes: true }))
  const sources = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort() // biome-ignore format: one line
  const contents = [join(native, 'CMakeLists.txt'), ...sources].map((file) => `${relative(native, file)} ${hash(readFileSync(file))}`)
  const compiler = onPath(process.env.CXX ?? 'c++')
  const versions = ['node-addon-api', 'node-api-headers'].map((name) => packageVersion(root, name))
  return hash([process.platform, process.arch, compiler && fileIdentity(compiler), ...versions, ...libraries, ...contents].join('\n'))
}

function missingTools({ root }) {
  const missing = [
    ['cmake', 'cmake'],
    [process.env.CXX ?? 'c++', 'a C++20 compiler'],
  ]
    .filter(([command]) => !onPath(command))
    .map(([, name]) => name)
  if (missing.length > 0) return `${missing.join(' and ')} not found. ${compilerAdvice()}`
  const packages = ['cmake-js', 'node-addon-api'].filter((name) => packageVersion(root, name) === undefined)
  if (packages.length === 0) return undefined
  const absent = packages.length === 1 ? `the package ${packages[0]} is` : `the packages ${packages.join(' and ')} are`
  return `${absent} not installed: npm install --save-dev ${packages.join(' ')}`
}

/** Undefined: it is not installed where this package can see it. */
function packageVersion(root, name) {
  try {
    return createRequire(join(root, 'package.json'))(`${name}/package.json`).version
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

function libtorchAdvice() {
  if (existsSync('/etc/debian_version')) return 'Install it: apt-get install libtorch-dev libopenblas0-pthread cmake g++'
  return 'Install PyTorch or libtorch; the environment variable LIBTORCH may name its folder.'
}

function compilerAdvice() {
  return existsSync('/etc/debian_version') ? 'Install them: apt-get install cmake g++' : 'Install cmake and a C++20 compiler.'
}

/** Another clone of the same sources finds what ccache keeps: paths are taken from the root, precompiled headers are trusted. */
function compilerEnv(root) {
  return { ...process.env, CCACHE_BASEDIR: resolve(root), CCACHE_NOHASHDIR: '1', CCACHE_SLOPPINESS: 'pch_defines,time_macros' }
}

/** Trees of a libtorch that is no longer used are some 300 MB each. */
function removeOtherTrees(tree) {
  for (const entry of readdirSync(dirname(tree))) {
    const path = join(dirname(tree), entry)
    if (path !== tree) rmSync(path, { recursive: true, force: true })
  }
}

function run(command, args, options) {
  return new Promise((settle) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
    child.on('error', (error) => settle({ status: 1, output: String(error) }))
    child.on('close', (status) => settle({ status, output }))
  })
}

/** What a compiler, CMake or Node says is wrong: the first line that names an error; CMake's goes on in the next ones. */
function tellingLine(output) {
  const lines = output.split('\n').map((line) => line.trim()).filter(Boolean) // biome-ignore format: one line
  const first = lines.findIndex((line) => /^CMake Error|error:/i.test(line))
  if (first === -1) return lines.at(-1) ?? 'it said nothing'
  return lines.slice(first, first + (lines[first].startsWith('CMake') ? 3 : 1)).join(' ')
}

function onPath(command) {
  if (command.includes('/')) return existsSync(command) ? command : undefined
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, command))
    .find(existsSync)
}

function readJson(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}

function hash(content) {
  return createHash('sha256').update(content).digest('hex')
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const results = await buildNative({ force: process.argv.includes('--force'), log: (line) => console.log(`  ${line}`) })
  for (const { state, message } of Object.values(results)) console.log(`${state}: ${message}`)
  process.exitCode = results.kernels.state === 'failed' ? 1 : 0
}
