import { describe, expect, test } from 'vitest'
import { buildWasm, findClang, sourcesHash } from '../../scripts/build-wasm.mjs'
import { KERNELS_CLANG_VERSION, KERNELS_SOURCES_SHA256, KERNELS_WASM } from '../../src/native/kernels-wasm.js'

const clang = findClang()
const obstacle =
  'missing' in clang ? clang.missing : clang.version === KERNELS_CLANG_VERSION ? '' : `clang is ${clang.version}, not ${KERNELS_CLANG_VERSION}`

describe('the committed WebAssembly', () => {
  test('is of the sources that are here (else run: node scripts/build-wasm.mjs)', () => {
    expect(KERNELS_SOURCES_SHA256).toBe(sourcesHash())
  })

  test.skipIf(obstacle !== '')(`is what clang makes of them${obstacle === '' ? '' : `: skipped, ${obstacle}`}`, { timeout: 60_000 }, () => {
    expect(buildWasm().toString('base64')).toBe(KERNELS_WASM)
  })

  test('needs nothing from outside', () => {
    const { Module } = (globalThis as unknown as { WebAssembly: { Module: ModuleClass } }).WebAssembly
    const module = new Module(Buffer.from(KERNELS_WASM, 'base64'))
    expect(Module.imports(module)).toEqual([])
    expect(Module.exports(module).map(({ name }) => name)).toContain('scan')
  })
})

interface ModuleClass {
  new (bytes: Uint8Array): object
  imports(module: object): readonly unknown[]
  exports(module: object): readonly { readonly name: string }[]
}
