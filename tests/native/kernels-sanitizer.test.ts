import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const compiler = process.env['CC'] ?? 'cc'
const cxxCompiler = process.env['CXX'] ?? 'c++'
const flags = ['-std=gnu11', '-O1', '-g', '-ffp-contract=off', '-Wno-psabi', '-I.']
const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all']

/** Debian: apt-get install gcc-aarch64-linux-gnu qemu-user */
const ARM_COMPILER = 'aarch64-linux-gnu-gcc'
const ARM_EMULATOR = 'qemu-aarch64'

/** One source file a set of flags. */
const sources: readonly (readonly [string, ...string[]])[] = [
  ['tests/native/lane_sums_check.c'],
  ['native/kernels/scan_block.c'],
  ['native/kernels/lane_sums_base.c'],
  ...(process.arch === 'x64'
    ? ([
        ['tests/native/lane_sums_emulated.c'],
        ['native/kernels/lane_sums_avx2.c', '-mavx2'],
        ['native/kernels/lane_sums_avx512.c', '-mavx512f'],
      ] as const)
    : []),
]

test.skipIf(!canSanitize())(
  'the kernels read and write nothing that is not theirs, and every width sums as it is defined',
  { timeout: 120_000 },
  () => {
    const folder = temporaryFolder()
    const objects = sources.map(([source, ...own], i) => {
      const object = join(folder, `${i}.o`)
      run(compiler, [...flags, ...sanitizers, ...own, '-c', source, '-o', object])
      return object
    })
    const program = join(folder, 'check')
    run(compiler, [...sanitizers, ...objects, '-o', program, '-lm'])
    const said = run(program, [])
    expect(said).toContain('base is right')
    expect(said).toContain('selection is right')
    if (process.arch === 'x64') expect(said).toContain('emulated is right')
  },
)

test.skipIf(!canSanitize())('the CRC-32 reads nothing that is not there, and is the one that is defined', { timeout: 120_000 }, () => {
  const program = join(temporaryFolder(), 'check')
  const files = ['tests/native/crc32_check.cc', 'native/kernels/crc32.cc']
  run(cxxCompiler, ['-std=c++20', '-O1', '-g', '-Wall', '-Wextra', '-I.', ...sanitizers, ...files, '-o', program])
  expect(run(program, [])).toContain(process.arch === 'x64' ? 'CRC-32 is right' : 'there is no fast CRC-32')
})

test.skipIf(!canEmulateArm())(
  'on ARM the kernels sum as it is defined, by NEON, with the bits of every other processor',
  { timeout: 120_000 },
  () => {
    const program = join(temporaryFolder(), 'check')
    const files = ['tests/native/lane_sums_check.c', 'native/kernels/scan_block.c', 'native/kernels/lane_sums_base.c']
    run(ARM_COMPILER, ['-std=gnu11', '-O3', '-ffp-contract=off', '-I.', ...files, '-static', '-o', program, '-lm'])
    const said = run(ARM_EMULATOR, [program])
    expect(said).toContain('base is right')
    expect(said).toContain('selection is right')
  },
)

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' })
  expect(`${status === 0 ? '' : stdout}${stderr}`, `${command} ${args.join(' ')}`).toBe('')
  expect(status).toBe(0)
  return stdout
}

/** A compiler without the sanitizers' libraries cannot link this. */
function canSanitize(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'chronode-sanitizer-'))
  const { status } = spawnSync(compiler, [...sanitizers, '-x', 'c', '-', '-o', join(folder, 'empty')], { input: 'int main(void) { return 0; }' })
  rmSync(folder, { recursive: true })
  return status === 0
}

function canEmulateArm(): boolean {
  return process.arch === 'x64' && [ARM_COMPILER, ARM_EMULATOR].every((command) => spawnSync(command, ['--version']).status === 0)
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chronode-sanitizer-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}
