// The compiled package in dist/.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { run } from './command.mjs'
import { ROOT } from './find-node.mjs'

const DIST = join(ROOT, 'dist')
/** Where it is compiled and where the old one waits to be removed; what a build that was broken off left there goes first. */
const WORK = join(ROOT, 'build', 'dist')
const STAMP = '.stamp'
const SOURCES = ['src', 'migrations', 'tsconfig.json', 'tsconfig.build.json', 'package.json', 'package-lock.json']

/** Whether dist/ was built from the sources as they are. */
export function distIsCurrent() {
  const stamp = join(DIST, STAMP)
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint()
}

/** Compiles beside the old build and swaps them, so that a removed source leaves nothing and no reader meets half a build. */
export function buildDist() {
  const stamp = fingerprint()
  rmSync(WORK, { recursive: true, force: true })
  mkdirSync(WORK, { recursive: true })
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  run(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', join(WORK, 'new')], { cwd: ROOT })
  writeFileSync(join(WORK, 'new', STAMP), stamp)
  if (existsSync(DIST)) renameSync(DIST, join(WORK, 'old'))
  renameSync(join(WORK, 'new'), DIST)
  rmSync(WORK, { recursive: true, force: true })
}

function fingerprint() {
  const hash = createHash('sha256')
  for (const file of SOURCES.flatMap((name) => filesUnder(join(ROOT, name)))) {
    hash
      .update(`${relative(ROOT, file)}\0`)
      .update(readFileSync(file))
      .update('\0')
  }
  return hash.digest('hex')
}

function filesUnder(path) {
  if (!existsSync(path)) return []
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesUnder(join(path, name)))
}
