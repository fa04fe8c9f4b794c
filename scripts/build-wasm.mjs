// Builds the kernels as WebAssembly and writes them into src/native/kernels-wasm.ts, which is committed: whoever builds or installs
// Chronode needs no clang. To be run when a source below changes; a test says so. Plain Node, with clang and lld (of one version) on the path.
//
//   node scripts/build-wasm.mjs
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const OUT = join(ROOT, 'src', 'native', 'kernels-wasm.ts')
const COMPILED = ['wasm.c', 'scan_block.c', 'lane_sums_base.c']
const SOURCES = [...COMPILED, 'scan_block.h', 'lane_sums.h', 'lane_sums_body.h'].map((name) => `native/kernels/${name}`)
const FLAGS = [
  '--target=wasm32',
  '-std=c11',
  '-Oz', // as fast as -O2 here: the compiler unrolls nothing that is not unrolled in the source
  '-msimd128',
  '-mbulk-memory', // copies of structures; without it they are calls of a library that is not there
  '-ffp-contract=off',
  '-nostdlib',
  '-Wl,--no-entry',
  '-Wl,--strip-all',
]

/** @returns {string} changes when the WebAssembly has to be built again. */
export function sourcesHash() {
  const hash = createHash('sha256').update(FLAGS.join(' '))
  for (const source of SOURCES) hash.update(readFileSync(join(ROOT, source)))
  return hash.digest('hex')
}

/** @returns {{ version: string } | { missing: string }} what compiles, or what is not on this machine. */
export function findClang() {
  const clang = spawnSync('clang', ['--version'], { encoding: 'utf8' })
  if (clang.status !== 0) return { missing: 'clang was not found: apt-get install clang lld' }
  if (spawnSync('wasm-ld', ['--version']).status !== 0) return { missing: 'wasm-ld was not found: apt-get install lld' }
  return { version: /clang version (\S+)/.exec(clang.stdout)?.[1] ?? 'unknown' }
}

/** @returns {Buffer} */
export function buildWasm() {
  const folder = mkdtempSync(join(tmpdir(), 'chronode-wasm-'))
  try {
    const out = join(folder, 'kernels.wasm')
    const sources = COMPILED.map((name) => join('native', 'kernels', name))
    const { status, stderr } = spawnSync('clang', [...FLAGS, '-I.', '-o', out, ...sources], { cwd: ROOT, encoding: 'utf8' })
    if (status !== 0) throw new Error(`clang failed: ${stderr}`)
    return readFileSync(out)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function main() {
  const found = findClang()
  if ('missing' in found) throw new Error(found.missing)
  const text = buildWasm().toString('base64')
  const lines = [
    '// Written by scripts/build-wasm.mjs from native/kernels. Not to be edited.',
    '',
    '/** Of the sources that this was built from. */',
    `export const KERNELS_SOURCES_SHA256 = '${sourcesHash()}'`,
    '',
    '/** Another version of clang builds other bytes. */',
    `export const KERNELS_CLANG_VERSION = '${found.version}'`,
    '',
    '/** A WebAssembly module in base64: a file of its own would not survive bundlers. */',
    `export const KERNELS_WASM =\n  '${text}'`,
    '',
  ]
  writeFileSync(OUT, lines.join('\n'))
  console.log(`${OUT}: ${text.length} characters, clang ${found.version}`)
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) main()
