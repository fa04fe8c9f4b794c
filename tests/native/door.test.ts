import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { ADDON_INTERFACE } from '../../src/native/addon-interface.js'
import { openNative } from '../../src/native/index.js'
import { nativeFolders } from '../../src/native/places.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const built = join(root, 'build', 'native')

function folder(files: Readonly<Record<string, string | Buffer>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'chronode-door-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content)
  return path
}

function nativeIn(variable: string) {
  vi.stubEnv('CHRONODE_NATIVE', variable)
  onTestFinished(() => void vi.unstubAllEnvs())
  return openNative()
}

const infoFor = (changed: object) => JSON.stringify({ interface: ADDON_INTERFACE, platform: process.platform, arch: process.arch, ...changed })

describe('the door is shut, with the reason and what to do', () => {
  test('by CHRONODE_NATIVE=off', async () => {
    const native = nativeIn('off')
    expect(native.kernels).toMatchObject({ open: false, reason: 'switched-off' })
    expect(await native.torch()).toMatchObject({ open: false, reason: 'switched-off' })
    const remedy = 'Unset the environment variable CHRONODE_NATIVE to use native code.'
    expect(native.status()).toMatchObject({ kernels: { available: false, remedy }, torch: { available: false, remedy } })
  })

  test('where nothing is built: it looks in the folder that was named and nowhere else', async () => {
    const empty = folder()
    const door = await nativeIn(empty).torch()
    expect(door).toMatchObject({ open: false, reason: 'not-built', message: `The addon chronode_torch is not built; looked in ${empty}.` })
    expect(door.open ? '' : door.remedy).toContain('`npm run setup`')
  })

  test('for a file that is no addon', async () => {
    const native = nativeIn(folder({ 'chronode_kernels.node': 'text', 'chronode_torch.node': 'text' }))
    expect(native.kernels).toMatchObject({ open: false, path: expect.stringContaining('chronode_kernels.node') })
    expect(await native.torch()).toMatchObject({ open: false, message: expect.stringContaining('does not load: ') })
  })

  test.skipIf(!existsSync(otherAddon()))("for somebody else's addon", () => {
    const path = folder()
    copyFileSync(otherAddon(), join(path, 'chronode_kernels.node'))
    const { kernels } = nativeIn(path)
    expect(kernels).toMatchObject({
      open: false,
      reason: 'abi-mismatch',
      message: expect.stringContaining(`it has interface undefined, and ${ADDON_INTERFACE} is needed`),
    })
    expect(kernels.open ? '' : kernels.remedy).toContain('Build it again')
  })

  test('for an addon of another machine or interface, without loading it', async () => {
    const native = nativeIn(
      folder({
        'chronode_kernels.node': 'text',
        'chronode_kernels.json': infoFor({ arch: 'sparc' }),
        'chronode_torch.node': 'text',
        'chronode_torch.json': infoFor({ interface: 99 }),
      }),
    )
    expect(native.kernels).toMatchObject({ reason: 'abi-mismatch', message: expect.stringContaining(`sparc, interface ${ADDON_INTERFACE}`) })
    expect(await native.torch()).toMatchObject({ reason: 'abi-mismatch', message: expect.stringContaining('interface 99') })
  })

  test('when libtorch is gone since the build, and the status names its version all the same', async () => {
    const info = infoFor({ torch: '1.13.0', library: '/no/such/libtorch_cpu.so' })
    const native = nativeIn(folder({ 'chronode_torch.node': 'text', 'chronode_torch.json': info }))
    expect(native.status().torch).toMatchObject({ available: false, version: '1.13.0', reason: expect.stringContaining('which is gone') })
    expect(await native.torch()).toMatchObject({ open: false, reason: 'library-missing' })
  })

  test.skipIf(!existsSync(join(built, 'chronode_torch.node')))(
    'when the dynamic linker does not find libtorch; the answer is remembered',
    async () => {
      const path = folder()
      const addon = readFileSync(join(built, 'chronode_torch.node'), 'latin1')
      expect(addon).toContain('libtorch.so')
      writeFileSync(join(path, 'chronode_torch.node'), addon.replaceAll('libtorch.so', 'libgone1.so'), 'latin1')
      copyFileSync(join(built, 'chronode_kernels.node'), join(path, 'chronode_kernels.node'))
      const native = nativeIn(path)
      const door = await native.torch()
      expect(door).toMatchObject({ open: false, reason: 'library-missing', message: expect.stringContaining('libgone1.so') })
      expect(await native.torch()).toBe(door)
      expect(native.status().torch).toMatchObject({ available: false, reason: expect.stringContaining('libgone1.so') })
      expect(native.kernels.open).toBe(true)
    },
  )
})

describe('distances are computed', () => {
  const request = {
    metric: 'l2',
    dimension: 2,
    matrix: Float32Array.of(0, 0, 3, 4),
    queries: Float32Array.of(0, 0),
    runs: Uint32Array.of(0, 2),
    k: 2,
  } as const

  test('by WebAssembly where the addon is not', async () => {
    const { distances } = nativeIn('off')
    expect(distances.simd).toBe('wasm')
    expect((await distances.scan(request))[0]!.distances).toEqual(Float64Array.of(0, 5))
  })

  test.skipIf(!existsSync(join(built, 'chronode_kernels.node')))('by the widest instructions where it is', async () => {
    const native = nativeIn(built)
    const { distances } = native
    expect(distances.simd).toBe(native.status().kernels.simd)
    expect((await distances.scan(request))[0]!.distances).toEqual(Float64Array.of(0, 5))
  })
})

test.skipIf(!existsSync(join(built, 'chronode_kernels.node')) || process.arch !== 'x64')(
  "checksums are computed by the addon where it is, and by zlib's where not",
  () => {
    expect(nativeIn(built).crc32?.(Buffer.from('123456789'), 0)).toBe(0xcbf4_3926)
    expect(nativeIn('off').crc32).toBeUndefined()
  },
)

describe('the addons are looked for', () => {
  test('in the folder that CHRONODE_NATIVE names, or nowhere', () => {
    expect(nativeFolders('/some/where')).toEqual(['/some/where'])
    expect(nativeFolders('off')).toEqual([])
  })

  test('in the repository, then as a package for this platform, then in the cache, the newest first', () => {
    const cache = folder()
    vi.stubEnv('XDG_CACHE_HOME', cache)
    onTestFinished(() => void vi.unstubAllEnvs())
    if (process.platform !== 'linux') return
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    const own = join(cache, 'chronode', `${version}-${process.platform}-${process.arch}`)
    for (const [name, seconds] of [
      ['old', 1000],
      ['new', 2000],
    ] as const) {
      // biome-ignore format: pairs
      mkdirSync(join(own, name), { recursive: true })
      utimesSync(join(own, name), seconds, seconds)
    }
    const folders = nativeFolders(undefined)
    expect(folders[0]).toBe(built)
    expect(folders[1]).toContain(join('node_modules', '@chronode', `native-${process.platform}-${process.arch}`))
    expect(folders.slice(3)).toEqual([join(own, 'new'), join(own, 'old')])
  })
})

test('the same door is given for the same setting', () => {
  expect(nativeIn('off')).toBe(openNative())
})

/** The binary of better-sqlite3: a real addon with other exports. Absent on musl. */
function otherAddon(): string {
  const folder = dirname(createRequire(import.meta.url).resolve('better-sqlite3/package.json'))
  return join(folder, 'prebuilds', `${process.platform}-${process.arch}.node`)
}
