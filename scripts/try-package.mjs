#!/usr/bin/env node
// Tries the package as users will have it, on several Nodes, with npm and with pnpm: more than the tests, which have one Node and npm.
// What is needed (Nodes, pnpm, esbuild) comes from the npm registry into a folder that goes with the end.
//
//   scripts/node scripts/try-package.mjs [--native] [--keep] [VERSION...]
//
// --native also builds the native code with libtorch in each manager's folder (minutes). VERSION: of Node; default 22.14.0 24 26, and 20 for its refusal.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { App, pack, README_EXAMPLE, ROOT, run } from '../tests/package/app.mjs'
import { buildDist, distIsCurrent } from './setup/dist.mjs'

const VERSIONS = ['22.14.0', '24', '26']
const TOO_OLD = '20'
const { values, positionals } = parseArgs({ options: { native: { type: 'boolean' }, keep: { type: 'boolean' } }, allowPositionals: true })
const folder = mkdtempSync(join(tmpdir(), 'chronode-try-'))
let failures = 0

function check(name, problem) {
  if (problem !== undefined) failures += 1
  console.log(`${problem === undefined ? 'ok    ' : 'FAILED'}  ${name}${problem === undefined ? '' : `\n${problem}`}`)
}

/** @returns what is wrong with a program that should print the README's output and nothing else. */
function wrongOutput({ status, stdout, stderr }, expected = README_EXAMPLE.output) {
  return status === 0 && stdout === expected && stderr === '' ? undefined : `status ${status}\n${stdout}${stderr}`
}

function wrongUnless(condition, { status, stdout, stderr }) {
  return condition ? undefined : `status ${status}\n${stdout}${stderr}`
}

/** Packages of the registry in a folder of their own. */
function fetched(name, packages) {
  const app = new App(join(folder, name))
  app.install(packages)
  return (...path) => join(app.folder, 'node_modules', ...path)
}

function nodeOf(version) {
  const name = `node-${process.platform}-${process.arch}`
  return fetched(`node-${version}`, [`${name}@${version}`])(name, 'bin', 'node')
}

function tryExamples(app, name) {
  for (const file of ['example.mjs', 'example.cjs']) check(`${name}: ${file}`, wrongOutput(app.runFresh(file)))
}

/** Chronode inside the bundle, better-sqlite3 beside it. */
function tryBundles(app, name, esbuild) {
  for (const [format, file] of Object.entries({ esm: 'example.mjs', cjs: 'example.cjs' })) {
    const bundle = `bundle-${file}`
    const options = ['--bundle', '--platform=node', `--format=${format}`, '--external:better-sqlite3', '--log-level=warning', `--outfile=${bundle}`]
    const built = app.run(esbuild, [file, ...options])
    check(`${name}: bundled by esbuild as ${format}`, built.status === 0 ? wrongOutput(app.runFresh(bundle)) : built.stderr)
  }
}

/** Without the option npm compiles better-sqlite3 here: docs/operations.md. */
function tryLockfile(app, name) {
  const installed = app.run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'])
  check(`${name}: npm ci --ignore-scripts`, installed.status === 0 ? wrongOutput(app.runFresh('example.mjs')) : installed.stderr)
}

function tryOldNode(app, node) {
  const example = run(node, ['example.mjs'], { cwd: app.folder, env: app.environment })
  check(`Node ${TOO_OLD}: opening is STORAGE_UNREACHABLE`, wrongUnless(/STORAGE_UNREACHABLE/.test(example.stderr) && example.status === 1, example))
  const command = run(node, [join('node_modules', 'chronode', 'dist', 'src', 'cli', 'main.js'), 'doctor'], { cwd: app.folder, env: app.environment })
  check(`Node ${TOO_OLD}: the command says what it needs`, wrongUnless(/needs Node 22\.14/.test(command.stderr) && command.status === 1, command))
}

/** The demo's model on made-up words: what is checked is that libtorch answers. */
const MODEL_EXAMPLE = `
  const vector = (seed) => Array.from({ length: 32 }, (_, i) => Math.sin(seed + i))
  async function main() {
    const db = await openDatabase({ storage: { path: ':memory:' }, analytics: { neural_ode: true, model_path: 'words.pt', fallback: 'error' } })
    const words = await db.createCollection('words', { dimension: 32 })
    await words.insert([1990, 1995, 2000, 2005].map((year) => ({ entity: 'a', timestamp: year + '-12-31', vector: vector(year / 10) })))
    const { rows } = await db.query("PREDICT vector AT '2010-12-31' FOR ENTITY 'a'")
    console.log(rows[0].method, rows[0].status, rows[0].vector.length)
    await db.close()
  }
  main()
`

function tryNative(app, name, add, esbuild) {
  const before = app.run('chronode', ['doctor'])
  check(`${name}: the doctor names the command before`, wrongUnless(before.stdout.includes('npx chronode native build'), before))
  const refused = app.run('chronode', ['native', 'build'])
  check(
    `${name}: native build asks for cmake-js`,
    wrongUnless(refused.status === 1 && /npm install --save-dev cmake-js/.test(refused.stdout), refused),
  )
  add(['cmake-js', 'node-addon-api'])
  const built = app.run('chronode', ['native', 'build'])
  check(`${name}: native build\n        ${built.stdout.trim().replaceAll('\n', '\n        ')}`, wrongUnless(built.status === 0, built))
  const again = app.run('chronode', ['native', 'build'])
  check(`${name}: native build again keeps what is there`, wrongUnless(again.status === 0 && !/built/.test(again.stdout), again))
  const after = app.run('chronode', ['doctor'])
  check(`${name}: the doctor finds libtorch after`, wrongUnless(/^ok\s+kernels/m.test(after.stdout) && /^ok\s+libtorch/m.test(after.stdout), after))
  copyFileSync(join(ROOT, 'examples', 'sotu', 'model', 'words.pt'), join(app.folder, 'words.pt'))
  app.write('model.mjs', `import { openDatabase } from 'chronode'\n${MODEL_EXAMPLE}`)
  check(`${name}: a model answers`, wrongOutput(app.run(app.node, ['model.mjs']), 'neural_ode ok 32\n'))
  app.run(esbuild, ['model.mjs', '--bundle', '--platform=node', '--format=cjs', '--external:better-sqlite3', '--outfile=bundle-model.cjs'])
  check(`${name}: a model answers in a bundle`, wrongOutput(app.run(app.node, ['bundle-model.cjs']), 'neural_ode ok 32\n'))
}

function main() {
  if (!distIsCurrent()) buildDist()
  const { tarball, bytes, files } = pack(folder)
  console.log(`the tarball has ${files.length} files and ${(bytes / 1e6).toFixed(2)} MB`)
  const tools = fetched('tools', ['pnpm', 'esbuild'])
  const esbuild = tools('.bin', 'esbuild')
  const nodes = (positionals.length > 0 ? positionals : VERSIONS).map((version) => ({ version, node: nodeOf(version) }))
  const managers = {
    npm: ['npm', 'install', '--no-audit', '--no-fund', '--prefer-offline'],
    pnpm: [process.execPath, tools('pnpm', 'bin', 'pnpm.mjs'), 'add', '--prefer-offline', '--store-dir', join(folder, 'pnpm-store')],
  }
  for (const [manager, words] of Object.entries(managers)) {
    for (const { version, node } of nodes) {
      const app = new App(join(folder, `${manager}-${version}`), { node })
      const add = (packages) => app.install(packages, words)
      const name = `${manager}, Node ${version}`
      add([tarball, 'better-sqlite3'])
      tryExamples(app, name)
      tryBundles(app, name, esbuild)
      if (version !== nodes.at(-1).version) continue
      const typed = app.typeCheck()
      check(`${name}: types, skipLibCheck false`, wrongUnless(typed.status === 0, typed))
      if (manager === 'npm') tryLockfile(app, name)
      if (manager === 'npm') tryOldNode(app, nodeOf(TOO_OLD))
      if (values.native) tryNative(app, name, add, esbuild)
    }
  }
}

mkdirSync(folder, { recursive: true })
try {
  main()
} finally {
  if (values.keep) console.log(folder)
  else rmSync(folder, { recursive: true, force: true })
}
console.log(failures === 0 ? 'all passed' : `${failures} failed`)
process.exitCode = failures === 0 ? 0 : 1
