import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { packagesAreCurrent } from '../../scripts/setup/packages.mjs'

interface Entry {
  readonly version: string
  readonly optional?: boolean
  readonly os?: string | readonly string[]
  readonly cpu?: string | readonly string[]
  readonly libc?: readonly string[]
}
type Entries = Readonly<Record<string, Entry>>

const HERE = { os: [process.platform], cpu: [process.arch] }
const ELSEWHERE = { os: ['plan9'], cpu: [process.arch] }

/** A folder whose lockfile names `wanted`, and where npm has installed `installed`. */
function folderWith(wanted: Entries, installed: Entries): string {
  const folder = mkdtempSync(join(tmpdir(), 'chronode-packages-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const lock = (entries: Entries) =>
    JSON.stringify({ packages: Object.fromEntries(Object.entries(entries).map(([name, entry]) => [`node_modules/${name}`, entry])) })
  writeFileSync(join(folder, 'package-lock.json'), lock(wanted))
  for (const name of Object.keys(installed)) mkdirSync(join(folder, 'node_modules', name), { recursive: true })
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
  writeFileSync(join(folder, 'node_modules', '.package-lock.json'), lock(installed))
  return folder
}

const kysely = { version: '0.29.9' }

describe('packages are current', () => {
  test('when npm has installed what the lockfile names', () => {
    expect(packagesAreCurrent(folderWith({ kysely }, { kysely }))).toBe(true)
  })

  test('without what is made for other platforms', () => {
    const foreign = { version: '1.0.0', optional: true, ...ELSEWHERE }
    const musl = { version: '1.0.0', optional: true, ...HERE, libc: ['musl'] }
    expect(packagesAreCurrent(folderWith({ kysely, foreign, musl }, { kysely }))).toBe(true)
  })
})

describe('packages are not current', () => {
  test('before the first install, or after one that was broken off', () => {
    const folder = folderWith({ kysely }, { kysely })
    rmSync(join(folder, 'node_modules', '.package-lock.json'))
    expect(packagesAreCurrent(folder)).toBe(false)
  })

  test.each([
    ['another version', { kysely }, { kysely: { version: '0.29.8' } }],
    ['a package that is missing', { kysely, vitest: { version: '5.1.1' } }, { kysely }],
    ['a package too many', { kysely }, { kysely, left: { version: '1.0.0' } }],
    ['a missing package for this platform', { kysely, binding: { version: '1.0.0', optional: true, ...HERE } }, { kysely }],
  ] as [string, Entries, Entries][])('with %s', (_, wanted, installed) => {
    expect(packagesAreCurrent(folderWith(wanted, installed))).toBe(false)
  })

  test('when a folder was removed by hand', () => {
    const folder = folderWith({ kysely }, { kysely })
    rmSync(join(folder, 'node_modules', 'kysely'), { recursive: true })
    expect(packagesAreCurrent(folder)).toBe(false)
  })
})

describe.each(['package-lock.json', 'tools/node/package-lock.json', 'tests/bench/peers/package-lock.json'])('%s', (file) => {
  interface Locked {
    readonly integrity?: string
    readonly resolved?: string
    readonly hasInstallScript?: boolean
    readonly optional?: boolean
    readonly dependencies?: Record<string, string>
    readonly devDependencies?: Record<string, string>
    readonly optionalDependencies?: Record<string, string>
  }
  const url = new URL(`../../${file}`, import.meta.url)
  const packages = Object.entries((JSON.parse(readFileSync(url, 'utf8')) as { packages: Record<string, Locked> }).packages)
  const paths = new Set(packages.map(([path]) => path))

  test('has an entry for every dependency, those of other platforms too, without which npm ci refuses it', () => {
    const missing = packages.flatMap(([path, { dependencies, devDependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })
        .filter((name) => !paths.has(`${path}/node_modules/${name}`) && !paths.has(`node_modules/${name}`))
        .map((name) => `${path} -> ${name}`),
    )
    expect(missing).toEqual([])
  })

  test('pins every package by its checksum, and names no registry', () => {
    expect(packages.filter(([path, { integrity }]) => path !== '' && integrity === undefined)).toEqual([])
    expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
  })
})

test('nothing that users install runs a script of its own', () => {
  const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
    packages: Record<string, { dev?: boolean; hasInstallScript?: boolean }>
  }
  const scripted = Object.entries(lock.packages).filter(([, { dev, hasInstallScript }]) => hasInstallScript && !dev)
  expect(scripted).toEqual([])
})
