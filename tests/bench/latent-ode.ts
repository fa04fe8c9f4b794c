import { randomNumbers } from '../support/random-numbers.ts'
import type { compileModel } from '../support/torch-models.ts'
import { DIMENSION } from './workload.ts'

const HIDDEN = 64
const WIDTH = 128
const STEPS = 20

/** GRU 64 over the context, an MLP 128 as the field, RK4 in 20 steps: the shape that DESIGN's budgets speak of. */
const SOURCE = `
def encode(self, x: Tensor) -> Tensor:
    h = torch.zeros([x.size(0), ${HIDDEN}])
    inputs = torch.matmul(x, self.w_in)
    for t in range(x.size(1)):
        gates = torch.matmul(h, self.w_hidden)
        i = inputs[:, t, :]
        z = torch.sigmoid(i[:, :${HIDDEN}] + gates[:, :${HIDDEN}])
        r = torch.sigmoid(i[:, ${HIDDEN}:${2 * HIDDEN}] + gates[:, ${HIDDEN}:${2 * HIDDEN}])
        n = torch.tanh(i[:, ${2 * HIDDEN}:] + r * gates[:, ${2 * HIDDEN}:])
        h = (1.0 - z) * n + z * h
    return h

def field(self, h: Tensor) -> Tensor:
    return torch.matmul(torch.tanh(torch.matmul(h, self.w_up)), self.w_down)

def forward(self, trajectory: Tensor, target: Tensor) -> Tensor:
    h = self.encode(trajectory)
    step = (target - trajectory[:, -1, :1]) / ${STEPS}.0
    for s in range(${STEPS}):
        k1 = self.field(h)
        k2 = self.field(h + 0.5 * step * k1)
        k3 = self.field(h + 0.5 * step * k2)
        k4 = self.field(h + step * k3)
        h = h + step / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return trajectory[:, -1, 1:] + torch.matmul(h, self.w_out)
`

/** A latent ODE of random weights: its cost is that of a trained one. */
export function latentOde(compile: typeof compileModel): Buffer {
  const random = randomNumbers(2)
  const weights = (rows: number, columns: number) => ({
    shape: [rows, columns],
    values: Float32Array.from({ length: rows * columns }, () => (random() - 0.5) / Math.sqrt(rows)),
  })
  return compile(SOURCE, {
    parameters: {
      w_in: weights(DIMENSION + 1, 3 * HIDDEN),
      w_hidden: weights(HIDDEN, 3 * HIDDEN),
      w_up: weights(HIDDEN, WIDTH),
      w_down: weights(WIDTH, HIDDEN),
      w_out: weights(HIDDEN, DIMENSION),
    },
  })
}
