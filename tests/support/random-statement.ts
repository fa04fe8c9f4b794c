import type * as Tree from '../../src/engine/syntax/statement.js'
import type { Random } from './random.ts'

const NOWHERE = { start: 0, end: 0 } as const
const NAMES = [
  'words',
  'vector',
  'entity',
  'timestamp',
  'neural_ode',
  'linear',
  'last',
  'fill',
  'sample',
  'having',
  'model',
  'at',
  'order',
  'of',
  'from',
  'AND',
  'now',
  'a b',
  'über',
  '"',
  '1st',
  'x',
]
const TEXTS = ['climate', '2030-12-31', '', "it's", '-- no comment', '/*', 'two\nlines', '😀', '\ud800', '\0', '"quoted"', '$1', ';', '7 days']
const NUMBERS = [0, 1, 5, 64, 0.5, 1700000000000, 1e21, 1e-7, 123456.789, Number.MAX_SAFE_INTEGER, Number.MAX_VALUE, Number.MIN_VALUE]
const COMPARISONS = ['=', '<>', '<', '<=', '>', '>='] as const

/** Makes statements that the grammar allows, each with the tree that its text must have. All spans are 0. */
export class StatementGenerator {
  private usesNames = false

  private readonly random: Random
  private readonly names: readonly string[]

  constructor(random: Random, names: readonly string[] = NAMES) {
    this.random = random
    this.names = names
  }

  statement(): Tree.Statement {
    this.usesNames = this.random.chance(0.3)
    const query = this.query()
    return this.random.chance(0.2) ? { kind: 'explain', ...NOWHERE, analyze: this.random.chance(0.5), query } : query
  }

  private query(): Tree.Query {
    const kind = this.random.below(20)
    if (kind === 0) {
      const what = this.random.pick(['collections', 'models', 'predictors', 'settings'] as const)
      return { kind: 'show', ...NOWHERE, what, source: this.maybe(() => this.identifier()) }
    }
    if (kind === 1) {
      const name = this.random.pick([() => this.text(), () => this.number(), () => this.parameter(), () => this.identifier()])()
      return {
        kind: 'describe',
        ...NOWHERE,
        what: this.random.pick(['collection', 'model', 'entity'] as const),
        name,
        source: this.maybe(() => this.identifier()),
      }
    }
    if (kind < 8) return this.predict()
    return kind < 14 ? this.select() : this.nearest()
  }

  private predict(): Tree.Predict {
    return {
      kind: 'predict',
      ...NOWHERE,
      items: { kind: 'items', ...NOWHERE, list: this.maybe(() => this.random.list(1, 3, () => this.item())) },
      times: this.times(),
      entities: this.entities(),
      source: this.maybe(() => this.identifier()),
      where: this.maybe(() => this.expression()),
      context: this.maybe(() => ({ kind: 'context', ...NOWHERE, bounds: this.range() })),
      using: this.maybe(() => this.using()),
      options: this.options(),
      order: this.order(),
      limit: this.limit(),
    }
  }

  private select(): Tree.Select {
    return {
      kind: 'select',
      ...NOWHERE,
      columns: { kind: 'columns', ...NOWHERE, list: this.maybe(() => this.random.list(1, 3, () => this.column())) },
      source: this.maybe(() => this.identifier()),
      entities: this.maybe(() => this.entities()),
      asOf: this.maybe(() => this.time()),
      range: this.maybe(() => this.range()),
      sample: this.maybe(() => this.sample()),
      where: this.maybe(() => this.expression()),
      group: this.maybe(() => ({ kind: 'group', ...NOWHERE, having: this.maybe(() => this.expression()) })),
      order: this.order(),
      limit: this.limit(),
    }
  }

  private nearest(): Tree.Nearest {
    const target = this.target()
    const scope = this.maybe(() => this.scope())
    // Directly behind ENTITY v an AT belongs to the target: there something has to stand between them.
    const isApart = scope?.kind === 'at' && target.kind === 'target-entity' && target.at === undefined
    return {
      kind: 'nearest',
      ...NOWHERE,
      count: this.count(),
      target,
      scope,
      source: isApart ? this.identifier() : this.maybe(() => this.identifier()),
      entities: this.maybe(() => this.entities()),
      where: this.maybe(() => this.expression()),
      context: this.maybe(() => ({ kind: 'context', ...NOWHERE, bounds: this.range() })),
      using: this.maybe(() => this.using()),
      within: this.maybe(() => (this.random.chance(0.3) ? this.parameter() : this.number())),
      perEntity: this.maybe(() => this.count()),
      items: this.maybe(() => ({ kind: 'items', ...NOWHERE, list: this.maybe(() => this.random.list(1, 3, () => this.item())) })),
      options: this.options(),
      limit: this.limit(),
    }
  }

  private target(): Tree.Target {
    return this.random.pick<() => Tree.Target>([
      () => ({ kind: 'vector', ...NOWHERE, values: this.random.list(1, 4, () => this.number().value) }),
      () => this.parameter(),
      () => ({ kind: 'target-entity', ...NOWHERE, entity: this.value(), at: this.maybe(() => this.time()) }),
      () => this.predict(),
    ])()
  }

  private scope(): Tree.Scope {
    return this.random.pick<() => Tree.Scope>([
      () => ({ kind: 'as-of', ...NOWHERE, at: this.time() }),
      () => ({ kind: 'at', ...NOWHERE, at: this.time(), tolerance: this.maybe(() => this.interval()) }),
      () => ({ kind: 'window', ...NOWHERE, from: this.time(), to: this.time() }),
      () => ({ kind: 'predicted', ...NOWHERE, at: this.time() }),
    ])()
  }

  private maybe<Node>(make: () => Node): Node | undefined {
    return this.random.chance(0.4) ? make() : undefined
  }

  private identifier(): Tree.Identifier {
    return { kind: 'identifier', ...NOWHERE, name: this.random.pick(this.names) }
  }

  private item(): Tree.Item {
    return { kind: 'item', ...NOWHERE, name: this.identifier(), alias: this.maybe(() => this.identifier()) }
  }

  private column(): Tree.Column {
    return { kind: 'column', ...NOWHERE, expression: this.expression(), alias: this.maybe(() => this.identifier()) }
  }

  private times(): Tree.Times {
    switch (this.random.below(4)) {
      case 0:
        return { kind: 'grid', ...NOWHERE, from: this.time(), to: this.time(), step: this.interval(), endIncluded: this.random.chance(0.5) }
      case 1:
        return { kind: 'horizon', ...NOWHERE, count: this.count(), step: this.interval() }
      case 2:
        return { kind: 'times', ...NOWHERE, list: this.random.list(1, 3, () => this.time()), parenthesised: true }
      default:
        return { kind: 'times', ...NOWHERE, list: [this.time()], parenthesised: false }
    }
  }

  private time(): Tree.Time {
    const base = this.random.pick<() => Tree.TimeBase>([
      () => this.text(),
      () => this.number(),
      () => this.parameter(),
      () => ({ kind: this.random.pick(['now', 'latest', 'first'] as const), ...NOWHERE }),
    ])()
    const shifts = this.random.list(0, this.random.pick([0, 0, 2]), () => this.shift())
    return { kind: 'time', ...NOWHERE, base, shifts }
  }

  private shift(): Tree.TimeShift {
    return { kind: 'shift', ...NOWHERE, sign: this.random.pick([1, -1] as const), by: this.interval() }
  }

  private interval(): Tree.IntervalNode {
    if (this.random.chance(0.2)) return { kind: 'interval', ...NOWHERE, value: this.parameter(), worded: false }
    return this.written()
  }

  /** An interval that is one at first sight: no lone parameter. */
  private written(): Tree.IntervalNode {
    if (this.random.chance(0.5)) {
      const value = this.random.chance(0.7) ? this.text() : this.parameter()
      return { kind: 'interval', ...NOWHERE, value, worded: true }
    }
    const unit = this.random.pick(['ms', 's', 'm', 'h', 'd', 'w'] as const)
    return { kind: 'interval', ...NOWHERE, value: { kind: 'duration', ...NOWHERE, amount: this.number().value, unit }, worded: false }
  }

  private range(): Tree.Range {
    if (this.random.chance(0.4)) {
      const between = { from: this.time(), to: this.time() }
      return { kind: 'range', ...NOWHERE, between, last: undefined, since: undefined, until: undefined }
    }
    const last = this.maybe(() => (this.random.chance(0.5) ? this.count() : this.written()))
    const since = this.maybe(() => this.time())
    const until = last === undefined && since === undefined ? this.time() : this.maybe(() => this.time())
    return { kind: 'range', ...NOWHERE, between: undefined, last, since, until }
  }

  private sample(): Tree.Sample {
    const fill = this.maybe(() => this.random.pick(['none', 'null', 'previous', 'linear', 'predict'] as const))
    return { kind: 'sample', ...NOWHERE, step: this.interval(), fill }
  }

  private using(): Tree.Using {
    if (this.random.chance(0.3)) return { kind: 'using-model', ...NOWHERE, model: this.value() }
    return { kind: 'using-methods', ...NOWHERE, methods: this.random.list(1, 3, () => this.identifier()) }
  }

  private options(): Tree.Option[] {
    const names = this.random.shuffled(this.names).slice(0, this.random.pick([0, 0, 1, 3]))
    return names.map((name) => ({ kind: 'option', ...NOWHERE, name: { kind: 'identifier', ...NOWHERE, name }, value: this.optionValue() }))
  }

  /** A time without shifts that is a plain value is that value. */
  private optionValue(): Tree.Value | Tree.Time {
    const time = this.time()
    const { base } = time
    const isPlain = time.shifts.length === 0 && (base.kind === 'text' || base.kind === 'number' || base.kind === 'parameter')
    return isPlain || this.random.chance(0.5) ? this.value() : time
  }

  private entities(): Tree.Entities {
    switch (this.random.below(4)) {
      case 0:
        return { kind: 'entities', ...NOWHERE, quantity: 'each', values: [], lone: false }
      case 1:
        return { kind: 'entities', ...NOWHERE, quantity: 'list', values: [this.parameter()], lone: true }
      case 2:
        return { kind: 'entities', ...NOWHERE, quantity: 'list', values: this.random.list(1, 3, () => this.value()), lone: false }
      default:
        return { kind: 'entities', ...NOWHERE, quantity: 'one', values: [this.value()], lone: false }
    }
  }

  private order(): Tree.OrderKey[] {
    return this.random.list(0, this.random.pick([0, 0, 2]), () => ({
      kind: 'order-key',
      ...NOWHERE,
      expression: this.expression(),
      descending: this.random.chance(0.5),
    }))
  }

  private limit(): Tree.Limit | undefined {
    return this.maybe(() => ({ kind: 'limit', ...NOWHERE, count: this.count(), offset: this.maybe(() => this.count()) }))
  }

  private count(): Tree.Count {
    if (this.random.chance(0.3)) return this.parameter()
    return { kind: 'number', ...NOWHERE, value: this.random.pick([0, 1, 10, 4096, Number.MAX_SAFE_INTEGER]) }
  }

  private value(): Tree.Value {
    return this.random.pick<() => Tree.Value>([
      () => this.text(),
      () => this.number(),
      () => this.parameter(),
      () => ({ kind: 'boolean', ...NOWHERE, value: this.random.chance(0.5) }),
      () => ({ kind: 'null', ...NOWHERE }),
    ])()
  }

  private text(): Tree.TextLiteral {
    return { kind: 'text', ...NOWHERE, value: this.random.pick(TEXTS) }
  }

  private number(): Tree.NumberLiteral {
    const magnitude = this.random.pick(NUMBERS)
    return { kind: 'number', ...NOWHERE, value: magnitude !== 0 && this.random.chance(0.3) ? -magnitude : magnitude }
  }

  private parameter(): Tree.Parameter {
    return { kind: 'parameter', ...NOWHERE, key: this.usesNames ? this.random.pick(['when', 'who', 'order']) : 1 + this.random.below(12) }
  }

  private expression(depth = 4): Tree.Expression {
    return depth > 0 && this.random.chance(0.7) ? this.compound(depth - 1) : this.primary(depth)
  }

  private compound(depth: number): Tree.Expression {
    const { random } = this
    const operand = this.expression(depth)
    const negated = random.chance(0.4)
    switch (random.below(9)) {
      case 0:
        return { kind: 'unary', ...NOWHERE, operator: random.pick(['not', '-'] as const), operand }
      case 1:
        return { kind: 'in', ...NOWHERE, operand, list: [this.parameter()], lone: true, negated }
      case 2:
        return { kind: 'in', ...NOWHERE, operand, list: random.list(1, 3, () => this.expression(depth)), lone: false, negated }
      case 3:
        return { kind: 'like', ...NOWHERE, operand, pattern: this.expression(depth), negated }
      case 4: {
        // Behind a condition, a BETWEEN without NOT is the range clause.
        const value = negated ? operand : this.primary(depth)
        return { kind: 'between', ...NOWHERE, operand: value, low: this.expression(depth), high: this.expression(depth), negated }
      }
      case 5:
        return { kind: 'null-test', ...NOWHERE, operand, negated }
      case 6:
        return { kind: 'binary', ...NOWHERE, operator: random.pick(COMPARISONS), left: operand, right: this.expression(depth) }
      case 7:
        return { kind: 'binary', ...NOWHERE, operator: random.pick(['+', '-', '*', '/'] as const), left: operand, right: this.expression(depth) }
      default:
        return { kind: 'binary', ...NOWHERE, operator: random.pick(['and', 'or'] as const), left: operand, right: this.expression(depth) }
    }
  }

  private primary(depth: number): Tree.Expression {
    return this.random.pick<() => Tree.Expression>([
      () => this.value(),
      () => this.written(),
      () => ({ kind: 'now', ...NOWHERE }),
      () => ({ kind: 'vector', ...NOWHERE, values: this.random.list(1, 4, () => this.number().value) }),
      () => ({ kind: 'column-reference', ...NOWHERE, name: this.random.pick(this.names) }),
      () => ({
        kind: 'path',
        ...NOWHERE,
        root: this.random.pick(['payload', 'attributes'] as const),
        names: this.random.list(0, 3, () => this.random.pick(this.names)),
      }),
      () => {
        const star = this.random.chance(0.2)
        const list = star ? [] : this.random.list(0, 2, () => this.expression(depth - 1))
        return { kind: 'call', ...NOWHERE, name: this.identifier(), star, arguments: list }
      },
    ])()
  }
}
