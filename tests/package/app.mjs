// An app that has Chronode as its users have it: the tarball of `npm pack`, installed in an empty folder.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The program of the README, and what it prints. */
export const README_EXAMPLE = readmeExample()

/** @returns the tarball, and the files in it. dist/ must be current. */
export function pack(folder) {
  const { stdout } = mustRun('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], { cwd: ROOT })
  const [{ filename, size, files }] = Object.values(JSON.parse(stdout))
  return { tarball: join(folder, filename), bytes: size, files: files.map(({ path }) => path) }
}

/** An app in an empty folder. */
export class App {
  /**
   * @param {string} folder
   * @param {object} [options]
   * @param {string} [options.node]  The Node that everything runs under.
   * @param {Record<string, string>} [options.environment]
   */
  constructor(folder, { node = process.execPath, environment = {} } = {}) {
    this.folder = folder
    this.node = node
    const { FORCE_COLOR: _, NODE_OPTIONS: __, CHRONODE_NATIVE: ___, ...inherited } = process.env
    const path = [join(folder, 'node_modules', '.bin'), dirname(node), process.env.PATH].join(delimiter)
    this.environment = { ...inherited, NO_COLOR: '1', XDG_CACHE_HOME: join(folder, 'cache'), PATH: path, ...environment }
    mkdirSync(folder, { recursive: true })
    this.write('package.json', '{ "name": "app", "private": true, "type": "module" }\n')
    this.write('example.mjs', README_EXAMPLE.code)
    this.write('example.cjs', inMain(README_EXAMPLE.code, "const { openDatabase } = require('chronode')"))
  }

  write(name, text) {
    writeFileSync(join(this.folder, name), text)
  }

  /** @param {string[]} packages */
  install(packages, manager = ['npm', 'install', '--no-audit', '--no-fund', '--prefer-offline']) {
    mustRun(manager[0], [...manager.slice(1), '--ignore-scripts', ...packages], { cwd: this.folder, env: this.environment })
  }

  /** @returns {{ status: number | null, stdout: string, stderr: string }} */
  run(program, args = [], environment = {}) {
    return run(program, args, { cwd: this.folder, env: { ...this.environment, ...environment } })
  }

  /** Runs a file without the data that an earlier one has left. */
  runFresh(file) {
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(this.folder, `tastes.db${suffix}`), { force: true })
    return this.run(this.node, [file])
  }

  /** Type-checks the example, imported and required, declarations of packages included; without any types of Node. It fails where nothing is typed. */
  typeCheck(compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')) {
    const wrong = "// @ts-expect-error: a promise is no number\nexport const wrong: number = openDatabase('chronode.toml')\n"
    this.write('example.mts', README_EXAMPLE.code + wrong)
    this.write('example.cts', inMain(README_EXAMPLE.code, "import chronode = require('chronode')\nconst { openDatabase } = chronode"))
    const compilerOptions = { module: 'nodenext', target: 'es2023', strict: true, skipLibCheck: false, noEmit: true }
    this.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['example.mts', 'example.cts'] }))
    return this.run(process.execPath, [compiler, '-p', 'tsconfig.json'])
  }
}

export function run(program, args, options) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 26, ...options })
  return { status, stdout, stderr: error === undefined ? stderr : String(error) }
}

function mustRun(program, args, options) {
  const ran = run(program, args, options)
  if (ran.status !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${ran.stdout}${ran.stderr}`)
  return ran
}

function readmeExample() {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const [, code, output] = /```ts\n(import .*?)```\n```text\n(.*?)```/s.exec(readme)
  return { code, output }
}

/** For modules that know no top-level await. */
function inMain(code, loading) {
  return `${code.replace(/^import .*$/m, `${loading}\nasync function main() {`)}}\nmain()\n`
}
