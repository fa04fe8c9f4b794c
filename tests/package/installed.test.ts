import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildDist, distIsCurrent } from '../../scripts/setup/dist.mjs'
import { VERSION } from '../../src/native/version.js'
import { sourceFiles } from '../support/source-imports.js'
import { App, pack, README_EXAMPLE, ROOT } from './app.mjs'

const BYTES_MAX = 3_000_000
const folder = mkdtempSync(join(tmpdir(), 'chronode-package-'))
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string; dependencies: Record<string, string> }
let packed: { tarball: string; bytes: number; files: string[] }
let app: App

beforeAll(() => {
  if (!distIsCurrent()) buildDist()
  packed = pack(folder)
  app = new App(join(folder, 'app'))
  app.install([packed.tarball, 'better-sqlite3'])
}, 180_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the tarball', () => {
  test('is small', () => expect(packed.bytes).toBeLessThan(BYTES_MAX))

  test('holds what is compiled, what can be built, what messages point to, and nothing else', () => {
    const folders = new Set(
      packed.files.map((path) =>
        path
          .split('/')
          .slice(0, path.startsWith('dist/') || path.startsWith('native/') ? 2 : 1)
          .join('/'),
      ),
    )
    expect([...folders].sort()).toEqual(
      // biome-ignore format: a list
      ['CHANGELOG.md', 'LICENSE', 'NOTICE', 'README.md', 'dist/migrations', 'dist/src', 'docs', 'native/CMakeLists.txt', 'native/README.md', 'native/kernels', 'native/node', 'native/package.json', 'native/torch', 'package.json', 'scripts'],
    )
    expect(packed.files.filter((path) => path.startsWith('scripts/')).sort()).toEqual([
      'scripts/build-native.mjs',
      'scripts/find-libtorch.mjs',
      'scripts/setup/lock.mjs',
      'scripts/train_neural_ode.py',
    ])
    expect(packed.files.filter((path) => path.startsWith('dist/') && !/\.(js|d\.ts)$/.test(path))).toEqual([])
  })

  test('brings no further packages than package.json names', () => {
    const lock = JSON.parse(readFileSync(join(app.folder, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { hasInstallScript?: boolean }>
    }
    const scripted = Object.keys(lock.packages).filter((path) => lock.packages[path]!.hasInstallScript)
    expect(scripted).toEqual([])
    for (const name of Object.keys(manifest.dependencies)) expect(Object.keys(lock.packages)).toContain(`node_modules/${name}`)
    expect(Object.keys(lock.packages)).not.toContain('node_modules/cmake-js')
  })
})

describe('installed in an empty folder', () => {
  test.each(['example.mjs', 'example.cjs'])("the README's example prints what it says there, as %s", (file) => {
    expect(app.runFresh(file)).toEqual({ status: 0, stdout: README_EXAMPLE.output, stderr: '' })
  })

  test("the README's example is typed, without types of Node or SQLite", () => {
    expect(app.typeCheck()).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test('on an older Node opening is a typed error, where better-sqlite3 would end the process', () => {
    const older = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,napi:'9',node:'20.20.0'}})`
    const program = `import { openDatabase, StorageError } from 'chronode'
      openDatabase({ storage: { path: ':memory:' } }).catch((error) => console.log(error instanceof StorageError, error.code, error.message))`
    app.write('older.mjs', program)
    const { stdout } = app.run(app.node, ['--import', older, 'older.mjs'])
    expect(stdout).toMatch(/^true STORAGE_UNREACHABLE .*Node 20\.20\.0.*Use Node 22\.14 or later\.\n$/)
  })

  test('the doctor names the command that brings the native code', () => {
    const { status, stdout } = app.run('chronode', ['doctor'])
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringContaining('`npm install --save-dev cmake-js node-addon-api`, `npx chronode native build`'),
    })
  })

  test('native build names the packages that it lacks, and installs nothing', () => {
    const tools = join(folder, 'tools')
    mkdirSync(tools)
    for (const name of ['cmake', 'c++']) {
      writeFileSync(join(tools, name), '#!/bin/sh\nexit 1\n')
      chmodSync(join(tools, name), 0o755)
    }
    const { status, stdout } = app.run('chronode', ['native', 'build'], { CXX: join(tools, 'c++'), PATH: `${tools}:${app.environment.PATH}` })
    expect({ status, stdout }).toEqual({
      status: 1,
      stdout: expect.stringMatching(/^skipped: the packages? cmake-js\b.* not installed: npm install --save-dev cmake-js\b/),
    })
  })
})

describe('in a bundle', () => {
  test('only what can do without it asks for the place of its own file, which CommonJS ones do not tell', () => {
    const asking = sourceFiles('src').filter(({ path, code }) => !path.startsWith('src/cli/') && /\bimport\.meta\b/.test(code))
    expect(asking.map(({ path }) => path)).toEqual(['src/native/places.ts'])
  })

  test('the version is known, without package.json', () => expect(VERSION).toBe(manifest.version))
})
