import type * as Tree from '../../src/engine/syntax/statement.js'
import type { Random } from './random.ts'

/** Words that are names wherever they stand. All others are quoted here, so that this knows nothing of the keywords. */
const ALWAYS_NAMES = new Set(['words', 'vector', 'entity', 'timestamp', 'neural_ode', 'linear', 'x'])
const BLANKS = [' ', ' ', '  ', '\n', '\t', '\r\n', ' /* a comment; \'"( */ ', ' -- another one\n', '\u00a0']
const NEEDS_NO_BLANK = new Set(['(', ')', '[', ']', ','])

type Piece = string | readonly Piece[]

/** Writes a statement as badly as the grammar allows: any case, blanks, comments, needless parentheses, clauses in any order. */
export class Scribbler {
  private readonly random: Random

  constructor(random: Random) {
    this.random = random
  }

  write(statement: Tree.Statement): string {
    const tokens = [this.statement(statement), this.random.chance(0.3) ? ';' : []].flat(99 as 1) as string[]
    let text = this.random.chance(0.1) ? this.random.pick(BLANKS) : ''
    tokens.forEach((token, i) => {
      const isTight = i === 0 || NEEDS_NO_BLANK.has(token) || NEEDS_NO_BLANK.has(tokens[i - 1]!)
      text += (isTight && this.random.chance(0.5) ? '' : this.random.pick(BLANKS)) + token
    })
    return text
  }

  /** Keywords in any case. */
  private words(text: string): Piece {
    return text.split(' ').map((word) => {
      const style = this.random.below(4)
      if (style === 0) return word.toLowerCase()
      return style === 1 ? [...word].map((letter) => (this.random.chance(0.5) ? letter.toLowerCase() : letter)).join('') : word
    })
  }

  private statement(node: Tree.Statement): Piece {
    switch (node.kind) {
      case 'explain':
        return [this.words(node.analyze ? 'EXPLAIN ANALYZE' : 'EXPLAIN'), this.statement(node.query)]
      case 'show':
        return [this.words(`SHOW ${node.what.toUpperCase()}`), this.source(node.source)]
      case 'describe':
        return [this.words(`DESCRIBE ${node.what.toUpperCase()}`), this.described(node.name), this.source(node.source)]
      case 'predict':
        return [this.words('PREDICT'), this.items(node.items), this.words('AT'), this.times(node.times), this.predictClauses(node)]
      case 'select':
        return [this.words('SELECT'), this.columns(node.columns), this.selectClauses(node)]
      case 'nearest':
        return [this.words('NEAREST'), this.value(node.count), this.words('TO'), this.target(node.target), this.nearestClauses(node)]
    }
  }

  private described(node: Tree.Value | Tree.Identifier): Piece {
    return node.kind === 'identifier' ? this.name(node.name) : this.value(node)
  }

  private predictClauses(node: Tree.Predict): Piece {
    return this.random.shuffled([
      this.source(node.source),
      this.entities(node.entities),
      this.where(node.where),
      node.context === undefined ? [] : [this.words('CONTEXT'), this.range(node.context.bounds)],
      this.using(node.using),
      this.options(node.options),
      this.order(node.order),
      this.limit(node.limit),
    ])
  }

  /** In any order, but for a BETWEEN behind an operand, which would be a test. */
  private selectClauses(node: Tree.Select): Piece {
    const range = node.range === undefined ? [] : [this.range(node.range)]
    const conditions = [
      { written: this.where(node.where), isFinished: node.where === undefined || isComparison(node.where) },
      { written: this.group(node.group), isFinished: node.group?.having === undefined || isComparison(node.group.having) },
    ]
    const before = conditions.filter(({ isFinished }) => isFinished && this.random.chance(0.5))
    const after = conditions.filter((condition) => !before.includes(condition))
    const pair = [...before.map(({ written }) => written), range, ...this.random.shuffled(after.map(({ written }) => written))]
    const others = [
      this.source(node.source),
      node.entities === undefined ? [] : this.entities(node.entities),
      node.asOf === undefined ? [] : [this.words('AS OF'), this.time(node.asOf)],
      this.sample(node.sample),
      this.order(node.order),
      this.limit(node.limit),
    ]
    return this.random.shuffled([pair, ...others])
  }

  private target(node: Tree.Target): Piece {
    switch (node.kind) {
      case 'target-entity':
        return [this.words('ENTITY'), this.value(node.entity), node.at === undefined ? [] : [this.words('AT'), this.time(node.at)]]
      case 'predict':
        return ['(', this.statement(node), ')']
      default:
        return this.bare(node)
    }
  }

  /** In any order, but for a BETWEEN behind an operand, which would be a test, and an AT behind the target, which would belong to it. */
  private nearestClauses(node: Tree.Nearest): Piece {
    const { scope, where } = node
    const written = [this.scope(scope), this.where(where)]
    const isFinished = where === undefined || isComparison(where)
    const pair = scope?.kind !== 'window' ? this.random.shuffled(written) : isFinished && this.random.chance(0.5) ? written.reverse() : written
    const others = this.random.shuffled([
      this.entitiesOf(node),
      node.context === undefined ? [] : [this.words('CONTEXT'), this.range(node.context.bounds)],
      this.using(node.using),
      node.within === undefined ? [] : [this.words('WITHIN'), this.value(node.within)],
      node.perEntity === undefined ? [] : [this.words('PER ENTITY'), this.value(node.perEntity)],
      node.items === undefined ? [] : [this.words('RETURN'), this.items(node.items)],
      this.options(node.options),
      this.limit(node.limit),
    ])
    return scope?.kind === 'at' ? [this.source(node.source), others, pair] : this.random.shuffled([this.source(node.source), pair, ...others])
  }

  private entitiesOf({ entities }: Tree.Nearest): Piece {
    return entities === undefined ? [] : this.entities(entities)
  }

  private scope(scope: Tree.Scope | undefined): Piece {
    switch (scope?.kind) {
      case undefined:
        return []
      case 'as-of':
        return [this.words('AS OF'), this.time(scope.at)]
      case 'at':
        return [this.words('AT'), this.time(scope.at), scope.tolerance === undefined ? [] : [this.words('TOLERANCE'), this.interval(scope.tolerance)]]
      case 'window':
        return [this.words('BETWEEN'), this.time(scope.from), this.words('AND'), this.time(scope.to)]
      case 'predicted':
        return [this.words('PREDICTED AT'), this.time(scope.at)]
    }
  }

  private name(name: string): Piece {
    return ALWAYS_NAMES.has(name) && this.random.chance(0.7) ? name : `"${name.replaceAll('"', '""')}"`
  }

  private separated(pieces: readonly Piece[]): Piece {
    return pieces.flatMap((piece, i) => (i === 0 ? [piece] : [',', piece]))
  }

  private enclosed(pieces: readonly Piece[]): Piece {
    return ['(', this.separated(pieces), ')']
  }

  private alias(alias: Tree.Identifier | undefined): Piece {
    return alias === undefined ? [] : [this.words('AS'), this.name(alias.name)]
  }

  private items({ list }: Tree.Items): Piece {
    return list === undefined ? '*' : this.separated(list.map(({ name, alias }) => [this.name(name.name), this.alias(alias)]))
  }

  private columns({ list }: Tree.Columns): Piece {
    return list === undefined ? '*' : this.separated(list.map(({ expression, alias }) => [this.besideRange(expression), this.alias(alias)]))
  }

  private times(node: Tree.Times): Piece {
    switch (node.kind) {
      case 'times': {
        const list = node.list.map((time) => this.time(time))
        return node.parenthesised ? this.enclosed(list) : list
      }
      case 'grid':
        return [
          this.words(node.endIncluded ? 'BETWEEN' : 'FROM'),
          this.time(node.from),
          this.words(node.endIncluded ? 'AND' : 'TO'),
          this.time(node.to),
          this.words('STEP'),
          this.interval(node.step),
        ]
      case 'horizon':
        return [this.words('HORIZON'), this.value(node.count), this.words('STEP'), this.interval(node.step)]
    }
  }

  private time({ base, shifts }: Tree.Time): Piece {
    return [this.base(base), ...shifts.map(({ sign, by }) => [sign === 1 ? '+' : '-', this.interval(by)])]
  }

  private base(base: Tree.TimeBase): Piece {
    switch (base.kind) {
      case 'now':
        return [this.words('NOW'), '(', ')']
      case 'latest':
      case 'first':
        return this.words(base.kind.toUpperCase())
      default:
        return this.value(base)
    }
  }

  private interval({ value, worded }: Tree.IntervalNode): Piece {
    if (value.kind !== 'duration') return [worded ? this.words('INTERVAL') : [], this.value(value)]
    return [this.sign(value.amount), this.magnitude(value.amount) + (this.random.chance(0.2) ? value.unit.toUpperCase() : value.unit)]
  }

  private range({ between, last, since, until }: Tree.Range): Piece {
    if (between !== undefined) return [this.words('BETWEEN'), this.time(between.from), this.words('AND'), this.time(between.to)]
    return this.random.shuffled([
      last === undefined ? [] : [this.words('LAST'), last.kind === 'interval' ? this.interval(last) : this.value(last)],
      since === undefined ? [] : [this.words('SINCE'), this.time(since)],
      until === undefined ? [] : [this.words('UNTIL'), this.time(until)],
    ])
  }

  private source(source: Tree.Identifier | undefined): Piece {
    return source === undefined ? [] : [this.words('FROM'), this.name(source.name)]
  }

  private entities({ quantity, values, lone }: Tree.Entities): Piece {
    const list = values.map((value) => this.value(value))
    if (quantity === 'each') return this.words('FOR EACH ENTITY')
    if (quantity === 'one') return [this.words('FOR ENTITY'), list]
    return [this.words('FOR ENTITIES'), lone ? list : this.enclosed(list)]
  }

  private where(where: Tree.Expression | undefined): Piece {
    return where === undefined ? [] : [this.words('WHERE'), this.bare(where)]
  }

  private sample(node: Tree.Sample | undefined): Piece {
    if (node === undefined) return []
    const fill = node.fill === undefined ? [] : [this.words('FILL'), '(', this.words(node.fill.toUpperCase()), ')']
    return [this.words('SAMPLE BY'), this.interval(node.step), fill]
  }

  private group(node: Tree.Group | undefined): Piece {
    if (node === undefined) return []
    return [this.words('GROUP BY ENTITY'), node.having === undefined ? [] : [this.words('HAVING'), this.bare(node.having)]]
  }

  private using(using: Tree.Using | undefined): Piece {
    if (using === undefined) return []
    if (using.kind === 'using-model') return [this.words('USING MODEL'), this.value(using.model)]
    return [this.words('USING'), this.separated(using.methods.map(({ name }) => this.name(name)))]
  }

  private options(options: readonly Tree.Option[]): Piece {
    if (options.length === 0) return []
    const list = options.map(({ name, value }) => [this.name(name.name), '=', value.kind === 'time' ? this.time(value) : this.value(value)])
    return [this.words('WITH'), this.enclosed(list)]
  }

  private order(keys: readonly Tree.OrderKey[]): Piece {
    if (keys.length === 0) return []
    const directions = (descending: boolean): Piece => (descending ? this.words('DESC') : this.random.chance(0.5) ? this.words('ASC') : [])
    return [this.words('ORDER BY'), this.separated(keys.map(({ expression, descending }) => [this.besideRange(expression), directions(descending)]))]
  }

  private limit(limit: Tree.Limit | undefined): Piece {
    if (limit === undefined) return []
    return [this.words('LIMIT'), this.value(limit.count), limit.offset === undefined ? [] : [this.words('OFFSET'), this.value(limit.offset)]]
  }

  private value(node: Tree.Value): Piece {
    switch (node.kind) {
      case 'text':
        return `'${node.value.replaceAll("'", "''")}'`
      case 'number':
        return [this.sign(node.value), this.magnitude(node.value)]
      case 'boolean':
        return this.words(node.value ? 'TRUE' : 'FALSE')
      case 'null':
        return this.words('NULL')
      case 'parameter':
        return typeof node.key === 'number' ? `$${node.key}` : `:${node.key}`
    }
  }

  private sign(value: number): Piece {
    return value < 0 ? '-' : this.random.chance(0.1) ? '+' : []
  }

  private magnitude(value: number): string {
    const written = this.random.chance(0.3) ? Math.abs(value).toExponential() : String(Math.abs(value))
    return written.startsWith('0.') && this.random.chance(0.3) ? written.slice(1) : written
  }

  /** In columns and ORDER BY, a BETWEEN outside of parentheses is the range clause. */
  private besideRange(node: Tree.Expression): Piece {
    return node.kind === 'binary' || node.kind === 'unary' || isComparison(node) ? ['(', this.bare(node), ')'] : this.operand(node)
  }

  /** Every operand that is not a single word is put into parentheses, which makes precedence irrelevant. */
  private operand(node: Tree.Expression): Piece {
    const isCompound = node.kind === 'binary' || node.kind === 'unary' || isComparison(node)
    return isCompound || this.random.chance(0.1) ? ['(', this.bare(node), ')'] : this.bare(node)
  }

  private bare(node: Tree.Expression): Piece {
    const not = 'negated' in node && node.negated ? this.words('NOT') : []
    switch (node.kind) {
      case 'binary': {
        const operator = node.operator === '<>' ? this.random.pick(['<>', '!=']) : this.words(node.operator.toUpperCase())
        return [this.operand(node.left), operator, this.operand(node.right)]
      }
      case 'unary':
        return node.operator === 'not' ? [this.words('NOT'), this.operand(node.operand)] : ['-', '(', this.bare(node.operand), ')']
      case 'in':
        return [
          this.operand(node.operand),
          not,
          this.words('IN'),
          node.lone ? this.bare(node.list[0]!) : this.enclosed(node.list.map((item) => this.bare(item))),
        ]
      case 'like':
        return [this.operand(node.operand), not, this.words('LIKE'), this.operand(node.pattern)]
      case 'between':
        return [this.operand(node.operand), not, this.words('BETWEEN'), this.operand(node.low), this.words('AND'), this.operand(node.high)]
      case 'null-test':
        return [this.operand(node.operand), this.words('IS'), not, this.words('NULL')]
      case 'vector':
        return ['[', this.separated(node.values.map((value) => [this.sign(value), this.magnitude(value)])), ']']
      case 'interval':
        return this.interval(node)
      case 'now':
        return this.base(node)
      case 'column-reference':
        return this.name(node.name)
      case 'path':
        return [this.words(node.root.toUpperCase()), ...node.names.map((name) => ['.', this.name(name)])]
      case 'call':
        return [this.name(node.name.name), node.star ? ['(', '*', ')'] : this.enclosed(node.arguments.map((argument) => this.bare(argument)))]
      default:
        return this.value(node)
    }
  }
}

function isComparison(node: Tree.Expression): boolean {
  if (node.kind === 'binary') return ['=', '<>', '<', '<=', '>', '>='].includes(node.operator)
  return node.kind === 'in' || node.kind === 'like' || node.kind === 'between' || node.kind === 'null-test'
}
