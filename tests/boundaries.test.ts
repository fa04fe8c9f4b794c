import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { importedFile, importsOf, ROOT, type SourceFile, sourceFiles, withoutComments } from './support/source-imports.js'

/**
 * Who may import whom. `X` is any file of a module, `X/index` its `index.ts` alone, `type X` its types alone;
 * everything else is an npm package. Node's own modules are free to all.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  vocabulary: ['vocabulary', 'fastest-levenshtein'],
  config: ['config', 'vocabulary', 'smol-toml'],
  native: ['native', 'vocabulary'],
  migrations: ['migrations', 'kysely'],
  storage: ['storage', 'vocabulary', 'type config', 'type native', 'migrations', 'kysely', 'better-sqlite3'],
  analytics: ['analytics', 'vocabulary', 'type config', 'type native'],
  engine: ['engine', 'vocabulary', 'storage/index', 'analytics/index'],
  sql: ['sql', 'vocabulary', 'storage/index', 'analytics/index', 'engine/index'],
  database: ['database', 'vocabulary', 'config', 'native/index', 'storage/index', 'analytics/index', 'engine/index', 'sql/index'],
  index: ['database', 'vocabulary', 'config', 'native/index', 'storage/index', 'analytics/index', 'engine/index', 'sql/index'],
  cli: ['cli', 'index', 'commander', 'smol-toml', 'fastest-levenshtein', 'papaparse', 'apache-arrow', 'hyparquet', 'hyparquet-writer'],
}

/** Files directly in src/ that are no vocabulary. */
const MODULE_OF_FILE: Readonly<Record<string, string>> = {
  'src/index.ts': 'index',
  'src/database.ts': 'database',
  'src/collection.ts': 'database',
  'src/config.ts': 'config',
  'src/config-file.ts': 'config',
  'src/table-reader.ts': 'config',
  'src/byte-size.ts': 'config',
}

const LINES_MAX = 400
const KINDS = ['util', 'utils', 'helper', 'helpers', 'misc', 'common', 'types', 'core', 'manager']

const files = [...sourceFiles('src'), ...sourceFiles('migrations')]
const srcFiles = files.filter(({ path }) => path.startsWith('src/'))

function moduleOf(path: string): string {
  const [top, second, third] = path.split('/')
  if (top !== 'src') return top!
  return MODULE_OF_FILE[path] ?? (third === undefined ? 'vocabulary' : second!)
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function forbiddenEdges({ path, imports }: Pick<SourceFile, 'path' | 'imports'>): string[] {
  const from = moduleOf(path)
  return imports
    .filter(({ specifier }) => !specifier.startsWith('node:'))
    .filter(({ specifier, isTypeOnly }) => {
      const target = importedFile(path, specifier)
      const to = target === undefined ? packageOf(specifier) : moduleOf(target)
      const names = [to, ...(target?.endsWith(`/${to}/index.ts`) ? [`${to}/index`] : []), ...(isTypeOnly ? [`type ${to}`] : [])]
      return !names.some((name) => MAY_IMPORT[from]?.includes(name))
    })
    .map(({ specifier, isTypeOnly }) => `${path} (${from}) imports ${isTypeOnly ? 'types of ' : ''}${specifier}`)
}

describe('the reader of imports', () => {
  test('sees every form, and comments not at all', () => {
    const code = withoutComments(`
      import a, { b } from './a.js' // import x from './no.js'
      import type { C } from "./c.js"
      import { type D, d } from './d.js'
      import * as e from './e.js'
      /* import f from './no.js' */
      export * from './g.js'
      export type { H } from './h.js'
      export {
        i,
        type J,
      } from './i.js'
      import './k.js'
      const l = await import('./l.js')
      const m = require('./m.js')
      const link = 'https://example.org' + "// no comment"
      type N = typeof import('./n.js')
      export const from = 1
    `)
    expect(
      importsOf(code)
        .map(({ specifier, isTypeOnly }) => `${specifier.slice(2, -3)}${isTypeOnly ? ' type' : ''}`)
        .sort(),
    ).toEqual(['a', 'c type', 'd', 'e', 'g', 'h type', 'i', 'k', 'l', 'm', 'n type'])
    expect(code).toContain('// no comment')
  })

  test('sees the imports of this project', () => {
    expect(srcFiles.length).toBeGreaterThan(20)
    expect(files.flatMap(({ imports }) => imports).length).toBeGreaterThan(100)
    expect(new Set(srcFiles.map(({ path }) => moduleOf(path)))).toEqual(new Set(Object.keys(MAY_IMPORT).filter((name) => name !== 'migrations')))
  })

  test.each([
    ['src/storage/x.ts', '../engine/index.js', true],
    ['src/storage/x.ts', '../native/runtime.js', false],
    ['src/engine/x.ts', '../storage/sqlite-store.js', false],
    ['src/engine/x.ts', 'better-sqlite3', true],
    ['src/analytics/x.ts', '../storage/index.js', true],
    ['src/analytics/x.ts', 'kysely', true],
    ['src/cli/x.ts', '../errors.js', false],
    ['src/errors.ts', './engine/index.js', true],
    ['src/native/x.ts', '../config.js', true],
    ['src/sql/x.ts', '../storage/sqlite-store.js', true],
  ])('%s may not import %s', (path, specifier, isTypeOnly) => {
    expect(forbiddenEdges({ path, imports: [{ specifier, isTypeOnly }] })).toHaveLength(1)
  })
})

describe('every file', () => {
  test('imports only what its module may', () => {
    expect(files.flatMap(forbiddenEdges)).toEqual([])
  })

  test('imports files that are there', () => {
    const missing = files.flatMap(({ path, imports }) =>
      imports
        .map(({ specifier }) => importedFile(path, specifier))
        .filter((target) => target !== undefined && !existsSync(join(ROOT, target)))
        .map((target) => `${path} imports ${target}`),
    )
    expect(missing).toEqual([])
  })

  test('is in no circle of imports', () => {
    expect(circles(files)).toEqual([])
  })

  test('has a name in kebab-case that says what it holds, not of which kind it is', () => {
    const names = files.map(({ path }) =>
      path
        .split('/')
        .at(-1)!
        .replace(/(?:\.d)?\.ts$/, ''),
    )
    expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toEqual([])
    expect(names.filter((name) => name.split('-').some((word) => KINDS.includes(word)))).toEqual([])
  })

  test(`of src/ has less than ${LINES_MAX} lines`, () => {
    expect(srcFiles.filter(({ lineCount }) => lineCount >= LINES_MAX).map(({ path, lineCount }) => `${path}: ${lineCount}`)).toEqual([])
  })

  test('of src/ prints nothing, but for the command', () => {
    const printing = srcFiles.filter(({ path, code }) => moduleOf(path) !== 'cli' && /\bconsole\.|\bprocess\.std(out|err)\b/.test(code))
    expect(printing.map(({ path }) => path)).toEqual([])
  })

  test('of the package does without top-level await, which require() cannot load', () => {
    const awaiting = files.filter(({ path }) => moduleOf(path) !== 'cli').filter(({ code }) => /^(?!.*\basync\b)\S.*\bawait\b/m.test(code))
    expect(awaiting.map(({ path }) => path)).toEqual([])
  })

  test('src/index.ts only re-exports', () => {
    const { code } = srcFiles.find(({ path }) => path === 'src/index.ts')!
    expect(code.replace(/export\s+(?:type\s+)?(?:\*|\{[^}]*\})\s+from\s+'[^']+'/g, '').trim()).toBe('')
  })
})

/** src/engine/README.md: a folder imports those before it, and none behind it. */
const ENGINE_FOLDERS = ['syntax', 'expression', 'bind', 'predict', 'select', 'nearest', 'explain', 'typed']

test('a folder of the query language imports only those of earlier stages', () => {
  const stageOf = (path: string) => ENGINE_FOLDERS.indexOf(path.split('/')[2]!)
  const edges = files
    .filter(({ path }) => path.startsWith('src/engine/') && stageOf(path) >= 0)
    .flatMap(({ path, imports }) => imports.map(({ specifier }) => [path, importedFile(path, specifier)] as const))
  const backwards = edges.filter(([from, to]) => to?.startsWith('src/engine/') && stageOf(to) > stageOf(from))

  expect(edges.length).toBeGreaterThan(100)
  expect(backwards).toEqual([])
})

describe('the built package', () => {
  const loaded = `
    const { _cache } = require('node:module')
    const addons = process.report.getReport().sharedObjects.filter((path) => path.endsWith('.node'))
    const libraries = Object.keys(_cache).filter((path) => /better-sqlite3/.test(path))
    console.log(JSON.stringify({ addons, libraries, open: typeof chronode.openDatabase }))
  `

  test('loads no native code and no database when it is imported', () => {
    expect(outputOf(['--eval', `import('chronode').then((chronode) => { ${loaded} })`])).toEqual({ addons: [], libraries: [], open: 'function' })
  })

  test('can be required, too', () => {
    expect(outputOf(['--input-type=commonjs', '--eval', `const chronode = require('chronode'); ${loaded}`])).toEqual({
      addons: [],
      libraries: [],
      open: 'function',
    })
  })
})

/** What a child of this Node prints as JSON, started in the repository, where `chronode` is the built package. */
function outputOf(args: readonly string[]): unknown {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
  expect(stderr, 'run "npm run build" first').toBe('')
  expect(status).toBe(0)
  return JSON.parse(stdout)
}

/** Files that, once compiled, load themselves again through others. */
function circles(sources: readonly SourceFile[]): string[] {
  const edges = new Map(
    sources.map(({ path, imports }) => [path, imports.filter((edge) => !edge.isTypeOnly).map(({ specifier }) => importedFile(path, specifier))]),
  )
  const done = new Set<string>()
  const found: string[] = []
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) found.push([...way.slice(way.indexOf(path)), path].join(' -> '))
    if (done.has(path) || way.includes(path)) return
    for (const next of edges.get(path) ?? []) if (next !== undefined) visit(next, [...way, path])
    done.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  return found
}
