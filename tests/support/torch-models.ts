import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What a model is made of beside its source. */
export interface ModelParts {
  /** bool, str, float (number) and int (BigInt) members of `self`. */
  readonly attributes?: Readonly<Record<string, boolean | string | number | bigint>>
  readonly parameters?: Readonly<Record<string, { readonly shape: readonly number[]; readonly values: Float32Array }>>
  /** Files that travel in the archive, such as the model card `chronode.json`. */
  readonly extraFiles?: Readonly<Record<string, string>>
}

interface BenchOptions {
  readonly batch: number
  readonly length: number
  readonly dimension: number
  readonly warmUp: number
  readonly calls: number
}

interface Fixtures {
  compile(source: string, parts: ModelParts): Buffer
  bench(bytes: Uint8Array, options: BenchOptions): Float64Array
}

const path = fileURLToPath(new URL('../../build/native/chronode_torch_fixtures.node', import.meta.url))
let fixtures: Fixtures | undefined

/** Whether models can be made here: `npm run setup` builds the addon where it finds libtorch. */
export const canCompileModels = existsSync(path)

function addon(): Fixtures {
  if (fixtures === undefined) {
    const loaded = { exports: {} }
    process.dlopen(loaded, path)
    fixtures = loaded.exports as Fixtures
  }
  return fixtures
}

/**
 * A whole `.pt` archive, compiled from TorchScript source by libtorch itself.
 *
 * @param source  Methods, `forward(self, trajectory, target)` among them: a ready-made one of `sources`, or your own.
 * @throws {Error} with libtorch's words when the source is no TorchScript.
 */
export function compileModel(source: string, parts: ModelParts = {}): Buffer {
  return addon().compile(source, parts)
}

/** @returns Milliseconds of each call of the bare `forward`, run as the torch addon runs it: what our overhead is compared with. */
export function benchForward(bytes: Uint8Array, options: BenchOptions): Float64Array {
  return addon().bench(bytes, options)
}

function forward(...lines: readonly string[]): string {
  return `def forward(self, trajectory: Tensor, target: Tensor) -> Tensor:\n${lines.map((line) => `    ${line}\n`).join('')}`
}

/** The first number of an item's last vector that makes some of these models fail. */
export const MARK = 7777

/** Models that each do one thing, right or wrong. `trajectory` is [B, T, D + 1], `target` [B, 1]. */
export const sources = {
  /** The last vector. */
  last: forward('return trajectory[:, -1, 1:]'),
  /** What a model sees of time: number 0 is the first row's time, 1 the last row's, 2 the target; the rest is the last vector. D >= 3. */
  times: forward('return torch.cat([trajectory[:, 0, :1], trajectory[:, -1, :1], target, trajectory[:, -1, 4:]], 1)'),
  /** The straight line through the first and the last row. T >= 2. */
  line: forward(
    'first = trajectory[:, 0, :]',
    'last = trajectory[:, -1, :]',
    'step = (target - last[:, :1]) / (last[:, :1] - first[:, :1])',
    'return last[:, 1:] + (last[:, 1:] - first[:, 1:]) * step',
  ),
  /** The last vector, times `self.factor`: give it that attribute. */
  scaled: forward('return trajectory[:, -1, 1:] * self.factor'),
  /** Takes targets [B, K], answers [B, K, D]: the last vector plus the target. */
  manyTargets: forward('return trajectory[:, -1:, 1:] + target.unsqueeze(-1)'),
  // TorchScript compiled this way knows dtypes by their numbers only.
  float64: forward('return trajectory[:, -1, 1:].to(dtype=7)'),
  float16: forward('return trajectory[:, -1, 1:].to(dtype=5)'),
  bfloat16: forward('return trajectory[:, -1, 1:].to(dtype=15)'),
  int64: forward('return trajectory[:, -1, 1:].to(dtype=4)'),
  tuple: 'def forward(self, trajectory: Tensor, target: Tensor) -> Tuple[Tensor, Tensor]:\n    return trajectory[:, -1, 1:], target\n',
  number: 'def forward(self, trajectory: Tensor, target: Tensor) -> float:\n    return 1.0\n',
  /** [D] at B = 1, [B, D] otherwise. */
  squeezed: forward('return trajectory[:, -1, 1:].squeeze(0)'),
  /** [B, D + 1] */
  tooWide: forward('return trajectory[:, -1, :]'),
  /** [2 B, D] */
  doubled: forward('last = trajectory[:, -1, 1:]', 'return torch.cat([last, last], 0)'),
  noForward: 'def predict(self, trajectory: Tensor, target: Tensor) -> Tensor:\n    return trajectory[:, -1, 1:]\n',
  oneArgument: 'def forward(self, trajectory: Tensor) -> Tensor:\n    return trajectory[:, -1, 1:]\n',
  threeArguments: 'def forward(self, trajectory: Tensor, target: Tensor, extra: Tensor) -> Tensor:\n    return trajectory[:, -1, 1:]\n',
  notTensors: 'def forward(self, trajectory: int, target: int) -> int:\n    return trajectory\n',
  throws: forward('assert trajectory.size(0) < 0, "this model always fails"', 'return trajectory[:, -1, 1:]'),
  /** Fails as a whole when any item of the batch bears the MARK. */
  throwsOnMark: forward(`assert not bool((trajectory[:, -1, 1] == ${MARK}).any()), "a marked item was met"`, 'return trajectory[:, -1, 1:]'),
  /** NaN in the last number of an item that bears the MARK. */
  nanOnMark: forward(
    'last = trajectory[:, -1, 1:]',
    `marked = trajectory[:, -1, 1:2] == ${MARK}`,
    'return torch.where(marked, torch.full_like(last, float("nan")), last)',
  ),
  /** Never returns. */
  endless: forward('n = 0', 'while trajectory.size(0) > 0:', '    n = n + 1', 'return trajectory[:, -1, 1:] + n'),
  /** Never returns once an item bears the MARK. */
  endlessOnMark: forward('n = 0', `while bool((trajectory[:, -1, 1] == ${MARK}).any()):`, '    n = n + 1', 'return trajectory[:, -1, 1:] + n'),
  /** Throws for a batch of two or more. */
  singleOnly: forward('assert trajectory.size(0) == 1, "one item at a time"', 'return trajectory[:, -1, 1:]'),
  /** Mixes the items of a batch: each gets the mean of all. */
  batchMean: forward('last = trajectory[:, -1, 1:]', 'return last.mean(0, True).expand_as(last)'),
  /** Uses the first item's target for the whole batch. */
  firstTarget: forward('return trajectory[:, -1, 1:] + target[:1, :]'),
  /** The last vector, after `self.rounds` (int) rounds of work: give it that attribute. 1,000 rounds are some milliseconds. */
  slow: forward(
    'x = trajectory[:, -1, 1:]',
    'work = torch.ones([64])',
    'for i in range(self.rounds):',
    '    work = torch.tanh(work)',
    'return x + work[0] * 0.0',
  ),
  /** As `slow`, but only when an item bears the MARK. */
  slowOnMark: forward(
    'x = trajectory[:, -1, 1:]',
    'work = torch.ones([64])',
    `if bool((trajectory[:, -1, 1] == ${MARK}).any()):`,
    '    for i in range(self.rounds):',
    '        work = torch.tanh(work)',
    'return x + work[0] * 0.0',
  ),
} as const
